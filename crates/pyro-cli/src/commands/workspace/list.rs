//! `pyro workspace list`: the one that was used last comes first.

use super::call::call;
use crate::failure::Outcome;
use crate::ui::{Table, Ui, ago, until};
use pyro::workspace::{Listing, State};
use std::collections::BTreeMap;
use std::process::ExitCode;

/// List the workspaces
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro workspace list\n  pyro workspace list --json")]
pub(crate) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn list(ui: &Ui, arguments: &Arguments) -> Outcome {
    let listing =
        call(ui, async |config, observer| Ok(pyro::workspace::list(config, observer).await?))?;
    if arguments.json {
        ui.json(&listing)?;
        return Ok(ExitCode::SUCCESS);
    }
    ui.data(&table(&listing).to_string())?;
    if listing.count == 0 {
        ui.summary("no workspaces; `pyro workspace create` makes one");
    }
    Ok(ExitCode::SUCCESS)
}

fn table(listing: &Listing) -> Table<8> {
    let mut table = Table::new(&[
        "ID",
        "NAME",
        "STATE",
        "ENVIRONMENT",
        "COMMANDS",
        "LAST USED",
        "EXPIRES",
        "LABELS",
    ]);
    for workspace in &listing.workspaces {
        let expires = match workspace.state {
            State::Started => format!("in {}", until(workspace.expires_at)),
            _ => "-".to_owned(),
        };
        table.row([
            workspace.workspace_id.clone(),
            workspace.name.clone().unwrap_or_else(|| "-".to_owned()),
            workspace.state.to_string(),
            workspace.environment.clone(),
            workspace.command_count.to_string(),
            ago(workspace.last_activity_at),
            expires,
            labels(&workspace.labels),
        ]);
    }
    table
}

/// `a=1 b=2`.
pub(super) fn labels(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(label, value)| format!("{label}={value}")).collect::<Vec<_>>().join(" ")
}
