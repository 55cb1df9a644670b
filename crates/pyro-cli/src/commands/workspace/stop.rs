//! `pyro workspace stop`: the machine ends, the disk and the history stay.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// Stop a workspace: its processes end, its files and its history stay
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro workspace stop fix-42\n  pyro workspace stop fix-42 --json"
)]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn stop(ui: &Ui, arguments: &Arguments) -> Outcome {
    let status = call(ui, async |config, observer| {
        Ok(pyro::workspace::stop(config, &arguments.workspace, observer).await?)
    })?;
    if arguments.json {
        ui.json(&status)?;
    } else {
        ui.data(&format!("{} is {}\n", status.workspace_id, status.state))?;
    }
    Ok(ExitCode::SUCCESS)
}
