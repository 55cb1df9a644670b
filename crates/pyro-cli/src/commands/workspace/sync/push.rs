//! `pyro workspace sync push`: a directory or an archive over what is there.

use super::call::work;
use super::create::source::{amount, tell_what_was_left_out};
use crate::failure::Outcome;
use crate::ui::{Ui, seconds};
use pyro::seed::Source;
use pyro::workspace::Seed;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Put a directory, or what an archive holds, into a workspace, over what is there
///
/// Each file is replaced in one step; files that the source does not have stay. The baseline does not
/// change: what is new shows in `pyro workspace diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace sync push fix-42 ./src --dest src
  pyro workspace sync push fix-42 fixtures.tar.gz --dest /workspace/tests/fixtures")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// A directory, .tar, .tar.gz, .tgz or .tar.zst
    source: PathBuf,
    /// Into which directory of the workspace; it is made where it is missing
    #[arg(long, default_value = "/workspace", value_name = "PATH")]
    dest: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn push(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, source, dest, json } = arguments;
    let seed =
        Seed::new(Source::of(source).map_err(pyro::Error::from)?, source.display().to_string());
    let begun = Instant::now();
    let pushed = work(ui, workspace, async |workspace, observer| {
        Ok(workspace.sync_push(seed, dest, observer).await?)
    })?;
    if *json {
        ui.json(&pushed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let sync = &pushed.workspace_sync;
    tell_what_was_left_out(ui, &sync.withheld, &[]);
    let what = amount(sync.entry_count, sync.bytes_written);
    let took = seconds(begun.elapsed());
    ui.remark(&format!("{what} from {} to {} in {took}", source.display(), sync.destination));
    Ok(ExitCode::SUCCESS)
}
