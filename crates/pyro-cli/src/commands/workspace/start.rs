//! `pyro workspace start`: a machine on the disk that is there.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// Start a workspace that does not run
///
/// One that expired starts again by itself with the next command; one that was stopped does not.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro workspace start fix-42\n  pyro workspace start fix-42 --json"
)]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn start(ui: &Ui, arguments: &Arguments) -> Outcome {
    let status = call(ui, async |config, observer| {
        Ok(pyro::workspace::start(config, &arguments.workspace, observer).await?)
    })?;
    if arguments.json {
        ui.json(&status)?;
    } else {
        ui.data(&format!("{} is {}\n", status.workspace_id, status.state))?;
    }
    Ok(ExitCode::SUCCESS)
}
