//! `pyro workspace reset`: everything as it was at the beginning.

use super::call::call;
use super::create::source::amount;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::reset::BASELINE;
use std::process::ExitCode;

/// Put a workspace back to its baseline: a fresh machine on the disk that it began with
///
/// Files, installed packages, processes and the history of its commands since then are gone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro workspace reset fix-42\n  pyro workspace reset fix-42 --json"
)]
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
    let what = amount(reset.entry_count, reset.bytes_written);
    let id = &status.workspace_id;
    ui.data(&format!("{id} is {}, at its {}: {what}\n", status.state, reset.snapshot_name))?;
    Ok(ExitCode::SUCCESS)
}
