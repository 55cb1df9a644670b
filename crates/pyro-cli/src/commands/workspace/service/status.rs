//! `pyro workspace service status`: one service, for people.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::{Fields, Ui, ago};
use crate::words::as_typed;
use pyro::service::{Probe, PublishedPort, Service};
use pyro::workspace::{ServiceStatus, service_status};
use std::process::ExitCode;

/// Show a service of a workspace: whether it runs, since when, where it is reached
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace service status fix-42 web
  pyro workspace service status fix-42 web --json")]
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

pub(super) fn status(ui: &Ui, arguments: &Arguments) -> Outcome {
    let found = call(ui, async |config, observer| {
        Ok(service_status(config, &arguments.workspace, &arguments.name, observer)?)
    })?;
    show(ui, &found, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints it as a report, or as JSON.
pub(super) fn show(ui: &Ui, status: &ServiceStatus, json: bool) -> std::io::Result<()> {
    if json { ui.json(status) } else { ui.data(&report(status).to_string()) }
}

fn report(ServiceStatus { workspace_id, service, .. }: &ServiceStatus) -> Fields {
    let mut fields = Fields::default();
    fields.add("service", format!("{} of {workspace_id}", service.service_name));
    fields.add("state", state(service));
    fields.add("command", as_typed(&service.command));
    fields.add("directory", &*service.cwd);
    fields.add_if("pid", service.pid.filter(|_| service.state.is_alive()).map(|p| p.to_string()));
    fields.add("started", ago(service.started_at));
    fields.add_if("ready when", service.readiness.as_ref().map(|ready| probe(&ready.probe)));
    fields.add_if("ended", service.ended_at.map(ago));
    let ports = ports(&service.published_ports);
    fields.add_if("published", Some(ports).filter(|ports| !ports.is_empty()));
    fields
}

/// `running`, `exited: exit code 3`, `stopped: sigterm`.
pub(super) fn state(service: &Service) -> String {
    let Service { state, stop_reason, exit_code, .. } = service;
    match (stop_reason, exit_code) {
        (Some(reason), _) => format!("{state}: {reason}"),
        (None, Some(code)) => format!("{state}: exit code {code}"),
        (None, None) => state.to_string(),
    }
}

fn probe(probe: &Probe) -> String {
    match probe {
        Probe::File { path } => format!("there is {path}"),
        Probe::Tcp { address } => format!("{address} takes connections"),
        Probe::Http { url } => format!("{url} answers"),
        Probe::Command { command } => format!("`{command}` succeeds"),
    }
}

/// `127.0.0.1:18080 -> 8080`, of all of them.
pub(super) fn ports(ports: &[PublishedPort]) -> String {
    let one =
        |port: &PublishedPort| format!("{}:{} -> {}", port.host, port.host_port, port.guest_port);
    ports.iter().map(one).collect::<Vec<_>>().join(", ")
}
