//! `pyro workspace disk list`.

use super::call::call;
use super::file::show_list;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// List a directory of a stopped workspace
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace disk list fix-42
  pyro workspace disk list fix-42 src --recursive")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which directory below /workspace; a file lists itself
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
    let found = call(ui, async |config, observer| {
        Ok(pyro::workspace::disk_list(config, workspace, path, *recursive, observer).await?)
    })?;
    if *json {
        ui.json(&found)?;
    } else {
        show_list(ui, &found)?;
    }
    Ok(ExitCode::SUCCESS)
}
