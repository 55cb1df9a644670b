//! `pyro workspace snapshot create`.

use super::call::call;
use super::workspace_create::source::amount;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::{Consistency, Snapshot};
use std::process::ExitCode;

/// Copy the disk of a workspace as it is now, root file system included
///
/// A workspace that runs is held still meanwhile. Where its guest does not bring its file system into order
/// for that, the snapshot is what a loss of power would have left, and says so.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace snapshot create fix-42 tests-pass
  pyro workspace reset fix-42 --snapshot tests-pass")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// What to call it: letters, digits, '.', '_' and '-'
    name: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn create(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, name, json } = arguments;
    let taken = call(ui, async |config, observer| {
        Ok(pyro::workspace::snapshot_create(config, workspace, name, observer).await?)
    })?;
    if *json {
        ui.json(&taken)?;
        return Ok(ExitCode::SUCCESS);
    }
    ui.data(&format!("{} of {}: {}\n", taken.snapshot_name, taken.workspace_id, content(&taken)))?;
    if taken.consistency == Consistency::Crash {
        ui.warning(
            "its file system was not brought into order: what a running command has not synced may be missing",
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// What is in it, as far as that is known.
pub(super) fn content(snapshot: &Snapshot) -> String {
    match (snapshot.entry_count, snapshot.bytes_written) {
        (Some(entries), Some(bytes)) => amount(entries, bytes),
        _ => "not counted".to_owned(),
    }
}
