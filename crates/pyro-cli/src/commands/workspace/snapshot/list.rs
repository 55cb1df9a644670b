//! `pyro workspace snapshot list`.

use super::call::call;
use super::create::content;
use crate::failure::Outcome;
use crate::ui::{Table, Ui, ago};
use std::process::ExitCode;

/// List the snapshots of a workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace snapshot list fix-42
  pyro workspace snapshot list fix-42 --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn list(ui: &Ui, arguments: &Arguments) -> Outcome {
    let found = call(ui, async |config, observer| {
        Ok(pyro::workspace::snapshot_list(config, &arguments.workspace, observer).await?)
    })?;
    if arguments.json {
        ui.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["NAME", "TAKEN", "CONSISTENCY", "CONTENT"]);
    for snapshot in &found.snapshots {
        table.row([
            snapshot.snapshot_name.clone(),
            ago(snapshot.created_at),
            snapshot.consistency.to_string(),
            content(snapshot),
        ]);
    }
    ui.data(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}
