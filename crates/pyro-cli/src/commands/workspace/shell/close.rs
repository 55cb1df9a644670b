//! `pyro workspace shell close`.

use super::call::work;
use super::how_it_stands;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// End a shell of a workspace, and all it started
///
/// What it showed can still be read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro workspace shell close fix-42 sh-0a1b2c3d")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which shell
    shell: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn close(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, shell, json } = arguments;
    let closed =
        work(ui, workspace, async |workspace, _| Ok(workspace.shell_close(shell).await?))?;
    if *json {
        ui.json(&closed)?;
    } else {
        ui.data(&format!("{} is {}\n", closed.shell_id, how_it_stands(&closed)))?;
    }
    Ok(ExitCode::SUCCESS)
}
