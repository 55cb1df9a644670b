//! `pyro env prune`: the cache without what nothing uses.

use crate::failure::Outcome;
use crate::settings;
use crate::ui::{Ui, human_bytes};
use pyro::environment::{CorruptRecord, Environments, Pruned};
use std::process::ExitCode;

/// Remove from the cache what no environment and no machine uses
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro env prune\n  pyro env prune --json")]
pub(crate) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn prune(ui: &Ui, arguments: &Arguments) -> Outcome {
    let pruned = Environments::new(settings::config()?).prune()?;
    if arguments.json {
        ui.json(&pruned)?;
        return Ok(ExitCode::SUCCESS);
    }
    say(ui, &pruned)?;
    Ok(ExitCode::SUCCESS)
}

/// Tells people what is gone.
pub(super) fn say(ui: &Ui, pruned: &Pruned) -> Outcome<()> {
    for CorruptRecord { path, reason } in &pruned.corrupt_records {
        ui.warning(&format!("{} could not be used: {reason}", path.display()));
    }
    for name in &pruned.removed {
        ui.data(&format!("removed {}\n", name.display()))?;
    }
    ui.data(&format!("{} freed\n", human_bytes(pruned.freed_bytes)))?;
    Ok(())
}
