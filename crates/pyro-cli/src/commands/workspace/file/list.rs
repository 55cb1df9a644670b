//! `pyro workspace file list`.

use super::call::work;
use crate::failure::Outcome;
use crate::ui::{Table, Ui, count, human_bytes};
use pyro::workspace::file_list::{FileEntry, FileList, Kind};
use std::process::ExitCode;

/// List a directory of a workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace file list fix-42
  pyro workspace file list fix-42 src --recursive
  pyro workspace file list fix-42 /etc --json")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which directory; a file lists itself
    #[arg(default_value = "/workspace")]
    path: String,
    /// List what is in the directories below too
    #[arg(long)]
    recursive: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn list(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, path, recursive, json } = arguments;
    let found = work(ui, workspace, async |workspace, _| {
        Ok(workspace.file_list(path, *recursive).await?)
    })?;
    if *json {
        ui.json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    show_list(ui, &found)?;
    Ok(ExitCode::SUCCESS)
}

/// For a person.
pub(in super::super) fn show_list(ui: &Ui, found: &FileList) -> std::io::Result<()> {
    ui.data(&table(found).to_string())?;
    if found.truncated {
        let told = count(found.entries.len() as u64, "entry");
        ui.warning(&format!("there are more than these {told}; list a directory below"));
    }
    Ok(())
}

fn table(found: &FileList) -> Table<3> {
    let mut table = Table::new(&["TYPE", "SIZE", "PATH"]);
    for entry in &found.entries {
        let (kind, size) = match entry.artifact_type {
            Kind::File => ("file", human_bytes(entry.size_bytes)),
            Kind::Directory => ("directory", "-".to_owned()),
            Kind::Symlink => ("symlink", "-".to_owned()),
            Kind::Other => ("other", "-".to_owned()),
        };
        table.row([kind.to_owned(), size, path(entry)]);
    }
    table
}

fn path(entry: &FileEntry) -> String {
    match &entry.link_target {
        Some(target) => format!("{} -> {target}", entry.path),
        None => entry.path.clone(),
    }
}
