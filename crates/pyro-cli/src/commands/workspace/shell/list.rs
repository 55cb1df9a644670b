//! `pyro workspace shell list`.

use super::call::work;
use super::how_it_stands;
use crate::failure::Outcome;
use crate::ui::{Table, Ui, ago};
use std::process::ExitCode;

/// List the shells of a workspace, those included that ended lately
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace shell list fix-42
  pyro workspace shell list fix-42 --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn list(ui: &Ui, arguments: &Arguments) -> Outcome {
    let found =
        work(ui, &arguments.workspace, async |workspace, _| Ok(workspace.shell_list().await?))?;
    if arguments.json {
        ui.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["SHELL", "STATE", "DIRECTORY", "SIZE", "OPENED"]);
    for shell in &found.shells {
        table.row([
            shell.shell_id.clone(),
            how_it_stands(shell),
            shell.cwd.clone(),
            format!("{}x{}", shell.cols, shell.rows),
            ago(shell.started_at),
        ]);
    }
    ui.data(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}
