//! `pyro workspace delete`: nothing of it stays.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// Delete a workspace with everything in it, whatever it is doing
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro workspace delete fix-42\n  pyro workspace delete fix-42 --json"
)]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn delete(ui: &Ui, arguments: &Arguments) -> Outcome {
    let deleted = call(ui, async |config, observer| {
        Ok(pyro::workspace::delete(config, &arguments.workspace, observer).await?)
    })?;
    if arguments.json {
        ui.json(&deleted)?;
    } else {
        ui.data(&format!("{} is deleted\n", deleted.workspace_id))?;
    }
    Ok(ExitCode::SUCCESS)
}
