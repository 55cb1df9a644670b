//! `pyro workspace patch apply`: all of a patch, or nothing of it.

use super::call::work;
use super::diff::summary;
use super::file::given;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::path::PathBuf;
use std::process::ExitCode;

/// Apply a patch to a workspace: all of it, or nothing
///
/// It is a unified diff, with or without Git's headers and prefixes (new, deleted, renamed and binary files,
/// modes), or the `*** Begin Patch` form. Paths are relative to /workspace. Each line around a change must be
/// there as it stands, but may have moved; where one is not, nothing is changed and the answer shows what is
/// there instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git diff | pyro workspace patch apply fix-42 --patch-file -
  pyro workspace patch apply fix-42 --patch-file fix.patch
  pyro workspace diff fix-42 | pyro workspace patch apply fix-43 --patch-file -")]
#[command(group = clap::ArgGroup::new("content").required(true))]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// The patch itself
    #[arg(long, value_name = "P", group = "content", allow_hyphen_values = true)]
    patch: Option<String>,
    /// A file of this host that holds it; - is standard input
    #[arg(long, value_name = "F", group = "content")]
    patch_file: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn apply(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, patch, patch_file, json } = arguments;
    let patch = given(patch.as_deref(), patch_file.as_deref()).map_err(pyro::Error::from)?;
    let applied =
        work(ui, workspace, async |workspace, _| Ok(workspace.patch_apply(patch).await?))?;
    if *json {
        ui.json(&applied)?;
        return Ok(ExitCode::SUCCESS);
    }
    for offset in &applied.offsets {
        ui.remark(offset);
    }
    ui.remark(&summary(&applied.diff.summary, &applied.diff.entries));
    Ok(ExitCode::SUCCESS)
}
