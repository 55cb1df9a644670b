//! `pyro workspace service stop`.

use super::call::call;
use super::status::state;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::service_stop;
use std::process::ExitCode;

/// End a service of a workspace, and all it started
///
/// It is asked with SIGTERM, and ended by force five seconds later. Its published ports are free afterwards; its
/// log stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace service stop fix-42 web
  pyro workspace service stop fix-42 web --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which service
    name: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn stop(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, name, json } = arguments;
    let stopped = call(ui, async |config, observer| {
        Ok(service_stop(config, workspace, name, observer).await?)
    })?;
    if *json {
        ui.json(&stopped)?;
    } else {
        ui.data(&format!("{name} of {} {}\n", stopped.workspace_id, state(&stopped.service)))?;
    }
    Ok(ExitCode::SUCCESS)
}
