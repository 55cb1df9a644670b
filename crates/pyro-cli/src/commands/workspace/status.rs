//! `pyro workspace status`: one workspace, for people.

use super::call::call;
use super::create::source::amount;
use super::list::labels;
use crate::failure::Outcome;
use crate::ui::{Fields, Ui, ago, seconds, until};
use crate::words::as_typed;
use pyro::workspace::{LastCommand, SeedFacts, State, WorkspaceStatus};
use std::process::ExitCode;
use std::time::Duration;

/// Show one workspace: what it is, what runs in it, when it expires
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro workspace status fix-42\n  pyro workspace status fix-42 --json"
)]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn status(ui: &Ui, arguments: &Arguments) -> Outcome {
    let status = call(ui, async |config, observer| {
        Ok(pyro::workspace::status(config, &arguments.workspace, observer).await?)
    })?;
    show(ui, &status, arguments.json)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints it as a report, or as JSON.
pub(super) fn show(ui: &Ui, status: &WorkspaceStatus, json: bool) -> std::io::Result<()> {
    if json {
        return ui.json(status);
    }
    for warning in &status.warnings {
        ui.warning(warning);
    }
    ui.data(&report(status).to_string())
}

fn report(of: &WorkspaceStatus) -> Fields {
    let mut fields = Fields::default();
    let name = of.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
    fields.add("workspace", format!("{}{name}", of.workspace_id));
    fields.add("state", state(of));
    fields.add("environment", format!("{} {}", of.environment, of.environment_version));
    fields.add("machine", machine(of));
    fields.add("network", if of.network_enabled { "on" } else { "off" });
    fields.add_if("certificates", certificates(of));
    fields.add_if("seed", of.workspace_seed.as_ref().map(seed));
    fields.add_if("secrets", secrets(of));
    fields.add("created", ago(of.created_at));
    fields.add("last used", ago(of.last_activity_at));
    fields.add("commands", commands(of));
    let running = Some(of.running_commands.join(" ")).filter(|running| !running.is_empty());
    fields.add_if("running", running);
    fields.add_if("reset", of.last_reset_at.map(|at| times(of.reset_count, at)));
    fields.add_if("labels", Some(labels(&of.labels)).filter(|labels| !labels.is_empty()));
    fields
}

fn state(of: &WorkspaceStatus) -> String {
    let why = of.metadata.get("ended_because");
    match (of.state, why) {
        (State::Started, _) if of.running_commands.is_empty() => {
            format!("started; expires in {}", until(of.expires_at))
        }
        (state, Some(why)) => format!("{state}: {why}"),
        (state, None) => state.to_string(),
    }
}

fn machine(of: &WorkspaceStatus) -> String {
    let backend = of.metadata.get("backend").map(|name| format!(" on {name}")).unwrap_or_default();
    let WorkspaceStatus { vcpu_count, mem_mib, isolation, jail, .. } = of;
    format!("{vcpu_count} CPU, {mem_mib} MiB, {isolation}{backend}, jail {jail}")
}

fn certificates(of: &WorkspaceStatus) -> Option<String> {
    let (source, count) = (of.metadata.get("ca_bundle")?, of.metadata.get("ca_certificates")?);
    Some(format!("the image's and {count} from {source}"))
}

fn secrets(of: &WorkspaceStatus) -> Option<String> {
    let named = of.secrets.iter().map(|s| format!("{} (from: {})", s.name, s.source_kind));
    Some(named.collect::<Vec<_>>().join(", ")).filter(|named| !named.is_empty())
}

fn seed(seed: &SeedFacts) -> String {
    match &seed.path {
        Some(path) => {
            let what = amount(seed.entry_count, seed.bytes_written);
            format!("{what} from {path} ({})", seed.mode.replace('_', " "))
        }
        None => "none".to_owned(),
    }
}

fn commands(of: &WorkspaceStatus) -> String {
    match &of.last_command {
        None => "none".to_owned(),
        Some(last) => format!("{}; the last: {}", of.command_count, last_command(last)),
    }
}

fn last_command(last: &LastCommand) -> String {
    let command = as_typed(&last.command);
    match (last.exit_code, last.duration_ms) {
        (Some(code), Some(took)) => {
            let took = seconds(Duration::from_millis(took));
            format!("{command}, exit code {code} after {took}")
        }
        _ => command.to_owned(),
    }
}

fn times(count: u64, last: u64) -> String {
    match count {
        1 => ago(last),
        _ => format!("{count} times, the last {}", ago(last)),
    }
}
