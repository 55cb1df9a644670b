//! `pyro workspace shell write`: types into a shell.

use super::call::work;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// Type into a shell of a workspace
///
/// The text is typed as it is, with the Enter key after it. It returns at once; `read` shows what came of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace shell write fix-42 sh-0a1b2c3d --input 'make test'
  pyro workspace shell write fix-42 sh-0a1b2c3d --input q --no-newline
  pyro workspace shell write fix-42 sh-0a1b2c3d --input $'\\e:q!'")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which shell
    shell: String,
    /// What to type
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    input: String,
    /// Do not press Enter after it
    #[arg(long)]
    no_newline: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn write(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, shell, input, no_newline, json } = arguments;
    let written = work(ui, workspace, async |workspace, _| {
        Ok(workspace.shell_write(shell, input, !no_newline).await?)
    })?;
    if *json {
        ui.json(&written)?;
    }
    Ok(ExitCode::SUCCESS)
}
