//! `pyro workspace export`: a file or a directory of a workspace, on this host.

use super::call::take_out;
use super::create::source::amount;
use crate::failure::Outcome;
use crate::ui::{Ui, seconds};
use pyro::export::{ExportLimits, ExportTarget};
use pyro::workspace::export::{Export, WorkspaceExport};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Copy a file or a directory of a workspace to this host
///
/// The copy appears whole, under a name that nothing has yet, or not at all. Files are 0644 or 0755 and yours.
/// Symbolic links that would lead out of the copy are left out, and so is whatever is called .git. To bring
/// changes into your own tree use the patch of `pyro workspace diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace export fix-42 build/report.html --output report.html
  pyro workspace export fix-42 /workspace/dist --output ./dist
  pyro workspace export fix-42 dist --output ./dist --force")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// What to copy: absolute, or relative to /workspace
    path: String,
    /// The name it gets on this host, in a directory that exists
    #[arg(long, value_name = "HOST_PATH")]
    output: PathBuf,
    /// Replace what has this name already
    #[arg(long)]
    force: bool,
    /// Copy it although it holds a secret of the workspace
    #[arg(long)]
    allow_secrets: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn export(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, path, output, force, allow_secrets, json } = arguments;
    let target = ExportTarget::of(output).map_err(pyro::Error::from)?;
    let export = Export { target, overwrite: *force, limits: ExportLimits::default() };
    let begun = Instant::now();
    let exported = take_out(ui, workspace, *allow_secrets, async |workspace, observer| {
        Ok(workspace.export(path, export, observer).await?)
    })?;
    if *json {
        ui.json(&exported)?;
        return Ok(ExitCode::SUCCESS);
    }
    tell_what_was_left_out(ui, &exported);
    let what = amount(exported.entry_count, exported.bytes_written);
    let (from, to) = (&exported.workspace_path, &exported.output_path);
    ui.remark(&format!("{what} from {from} to {to} in {}", seconds(begun.elapsed())));
    Ok(ExitCode::SUCCESS)
}

fn tell_what_was_left_out(ui: &Ui, exported: &WorkspaceExport) {
    if exported.links_left_out_count > 0 {
        let named = exported.links_left_out.join(", ");
        ui.warning(&format!("symbolic links that lead out of it were left out: {named}"));
    }
    if exported.git_left_out {
        ui.remark(
            ".git was left out; to bring commits, run `git bundle create work.bundle --all` in the \
             workspace, export that, and fetch from it",
        );
    }
}
