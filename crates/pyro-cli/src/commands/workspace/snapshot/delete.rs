//! `pyro workspace snapshot delete`.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// Delete a snapshot of a workspace; the workspace stays as it is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro workspace snapshot delete fix-42 tests-pass")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which snapshot
    name: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn delete(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, name, json } = arguments;
    let deleted = call(ui, async |config, observer| {
        Ok(pyro::workspace::snapshot_delete(config, workspace, name, observer).await?)
    })?;
    if *json {
        ui.json(&deleted)?;
    } else {
        ui.data(&format!("{} of {} is deleted\n", deleted.snapshot_name, deleted.workspace_id))?;
    }
    Ok(ExitCode::SUCCESS)
}
