//! `pyro workspace reset`: everything as it was at the beginning, or in a snapshot.

use super::call::call;
use super::create::source::amount;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::reset::BASELINE;
use std::process::ExitCode;

/// Put a workspace back to a snapshot: a fresh machine on a copy of its disk
///
/// Without --snapshot that is the baseline, the workspace as it was at the end of its creation. Files, installed packages and processes since then are gone, and so is the history of its commands. Its
/// snapshots stay; `diff` goes on comparing with the baseline.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace reset fix-42
  pyro workspace reset fix-42 --snapshot tests-pass")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// To which snapshot
    #[arg(long, default_value = BASELINE, value_name = "NAME")]
    snapshot: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn reset(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, snapshot, json } = arguments;
    let done = call(ui, async |config, observer| {
        Ok(pyro::workspace::reset(config, workspace, snapshot, observer).await?)
    })?;
    if *json {
        ui.json(&done)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (status, reset) = (&done.workspace, &done.workspace_reset);
    let what = match (reset.entry_count, reset.bytes_written) {
        (Some(entries), Some(bytes)) => format!(": {}", amount(entries, bytes)),
        _ => String::new(),
    };
    let id = &status.workspace_id;
    ui.data(&format!("{id} is {}, at its {}{what}\n", status.state, reset.snapshot_name))?;
    Ok(ExitCode::SUCCESS)
}
