//! `pyro workspace diff`: what has changed since the baseline, as a patch that `git apply` accepts.

use super::call::take_out;
use crate::failure::Outcome;
use crate::ui::{Table, Ui, count};
use pyro::error::AtPath;
use pyro::patch::{ArtifactType, DiffEntry, DiffSummary, Limits, Patch, Status};
use pyro::workspace::diff::WorkspaceDiff;
use std::path::PathBuf;
use std::process::ExitCode;

/// So many bytes may a patch have that goes to a file.
const MAX_FILE: usize = 1 << 30;

/// Show what has changed in a workspace since its baseline
///
/// The patch goes to stdout, and `git apply` accepts it; what it holds is counted on stderr. What is below
/// .git is left out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace diff fix-42
  pyro workspace diff fix-42 --stat
  pyro workspace diff fix-42 | git apply
  pyro workspace diff fix-42 --output fix-42.patch")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// List the changed paths, without the patch
    #[arg(long, conflicts_with = "output")]
    stat: bool,
    /// Write the patch to a file of this host
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Give the patch out although a changed file holds a secret of the workspace
    #[arg(long)]
    allow_secrets: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn diff(ui: &Ui, arguments: &Arguments) -> Outcome {
    let limits = match arguments.output {
        Some(_) => Limits { max_bytes: MAX_FILE, ..Limits::default() },
        None => Limits::default(),
    };
    let (workspace, allow_secrets) = (&arguments.workspace, arguments.allow_secrets);
    let mut found = take_out(ui, workspace, allow_secrets, async |workspace, _| {
        Ok(workspace.diff(limits).await?)
    })?;
    if let Some(file) = &arguments.output {
        std::fs::write(file, &found.diff.patch.text)
            .at("write", file)
            .map_err(pyro::Error::from)?;
    }
    if arguments.json {
        if arguments.stat || arguments.output.is_some() {
            found.diff.patch = Patch { text: String::new(), ..found.diff.patch };
        }
        ui.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.stat {
        ui.data(&table(&found.diff.entries).to_string())?;
    } else if arguments.output.is_none() {
        ui.patch(&found.diff.patch.text)?;
    }
    tell(ui, &found, arguments.stat);
    Ok(ExitCode::SUCCESS)
}

fn table(entries: &[DiffEntry]) -> Table<3> {
    let mut table = Table::new(&["CHANGE", "TYPE", "PATH"]);
    for entry in entries {
        let status = match entry.status {
            Status::Added => "added",
            Status::Modified => "modified",
            Status::Deleted => "deleted",
            Status::TypeChanged => "type changed",
        };
        let kind = match entry.artifact_type {
            ArtifactType::File => "file",
            ArtifactType::Directory => "directory",
            ArtifactType::Symlink => "symlink",
        };
        table.row([status.into(), kind.into(), entry.path.clone()]);
    }
    table
}

fn tell(ui: &Ui, found: &WorkspaceDiff, without_patch: bool) {
    let patch = &found.diff.patch;
    ui.remark(&summary(&found.diff.summary, &found.diff.entries));
    if found.git_metadata_changed {
        ui.remark(
            "Git's own data changed too (commits, branches or settings): that is not in the patch",
        );
    }
    if found.entries_truncated {
        ui.warning("there are more changed paths than these");
    }
    if !patch.left_out.is_empty() && !without_patch {
        let why = if patch.truncated { "it would become too long" } else { "too large" };
        ui.warning(&format!("not in the patch ({why}): {}", patch.left_out.join(", ")));
    }
}

/// `3 files changed: 1 added, 2 modified`.
pub(super) fn summary(of: &DiffSummary, entries: &[DiffEntry]) -> String {
    if of.total == 0 {
        return "nothing has changed".to_owned();
    }
    let files_alone = entries.iter().all(|entry| entry.artifact_type == ArtifactType::File);
    let things = count(of.total as u64, if files_alone { "file" } else { "path" });
    let parts = [
        (of.added, "added"),
        (of.modified, "modified"),
        (of.deleted, "deleted"),
        (of.type_changed, "of another type"),
    ];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts.map(|(number, what)| format!("{number} {what}")).collect();
    format!("{things} changed: {}", parts.join(", "))
}
