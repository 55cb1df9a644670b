//! `pyro workspace service list`.

use super::call::call;
use super::status::{ports, state};
use crate::failure::Outcome;
use crate::ui::{Table, Ui, ago};
use crate::words::as_typed;
use pyro::workspace::service_list;
use std::process::ExitCode;

/// List the services of a workspace, those that have ended included
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace service list fix-42
  pyro workspace service list fix-42 --json")]
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
        Ok(service_list(config, &arguments.workspace, observer)?)
    })?;
    if arguments.json {
        ui.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["NAME", "STATE", "STARTED", "PUBLISHED", "COMMAND"]);
    for status in &found.services {
        let service = &status.service;
        table.row([
            service.service_name.clone(),
            state(service),
            ago(service.started_at),
            ports(&service.published_ports),
            as_typed(&service.command).to_owned(),
        ]);
    }
    ui.data(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}
