//! `pyro workspace network log`: every connection, and every refusal.

use crate::commands::workspace::call::call;
use crate::failure::Outcome;
use crate::ui::{Table, Ui, ago, human_bytes, seconds};
use pyro::network::log::{Connection, Decision};
use pyro::workspace::NetworkLog;
use std::process::ExitCode;
use std::time::Duration;

/// Show what a workspace has reached over the network, or tried to
///
/// Connections appear when they are over, refusals at once; the oldest go when there are too many (1 to 2
/// MiB are kept). A refusal without a port is a name that was only looked up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace network log fix-42
  pyro workspace network log fix-42 --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn log(ui: &Ui, arguments: &Arguments) -> Outcome {
    let log = call(ui, async |config, observer| {
        Ok(pyro::workspace::network_log(config, &arguments.workspace, observer).await?)
    })?;
    if arguments.json {
        ui.json(&log)?;
        return Ok(ExitCode::SUCCESS);
    }
    show(ui, &log)
}

fn show(ui: &Ui, log: &NetworkLog) -> Outcome {
    if log.connections.is_empty() {
        ui.summary(&format!("no connections yet; its network policy is {}", log.network_policy));
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["WHEN", "TO", "DECISION", "SENT", "RECEIVED", "TOOK", "WHY"]);
    log.connections.iter().for_each(|connection| table.row(row(connection)));
    ui.data(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn row(connection: &Connection) -> [String; 7] {
    let decision = match connection.decision {
        Decision::Allowed => "allowed",
        Decision::Refused => "refused",
        Decision::Failed => "failed",
    };
    [
        ago(connection.began_at_ms / 1000),
        connection.target(),
        decision.to_owned(),
        human_bytes(connection.sent_bytes),
        human_bytes(connection.received_bytes),
        seconds(Duration::from_millis(connection.duration_ms)),
        connection.reason.clone().unwrap_or_default(),
    ]
}
