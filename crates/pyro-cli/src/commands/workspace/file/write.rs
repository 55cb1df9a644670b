//! `pyro workspace file write`: a whole file.

use super::call::work;
use super::text::given;
use crate::failure::Outcome;
use crate::ui::{Ui, human_bytes};
use std::path::PathBuf;
use std::process::ExitCode;

/// Replace a file of a workspace, or make it, with the directories above it
///
/// Whoever reads it meanwhile sees the old text or the new one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace file write fix-42 notes.txt --text 'remember the milk'
  pyro workspace file write fix-42 src/main.rs --text-file ./main.rs
  sort names | pyro workspace file write fix-42 names --text-file -")]
#[command(group = clap::ArgGroup::new("content").required(true))]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which file
    path: String,
    /// Its new text
    #[arg(long, value_name = "T", group = "content", allow_hyphen_values = true)]
    text: Option<String>,
    /// A file of this host with its new text; - is standard input
    #[arg(long, value_name = "F", group = "content")]
    text_file: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn write(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, path, text, text_file, json } = arguments;
    let text = given(text.as_deref(), text_file.as_deref()).map_err(pyro::Error::from)?;
    let written =
        work(ui, workspace, async |workspace, _| Ok(workspace.file_write(path, &text).await?))?;
    if *json {
        ui.json(&written)?;
    } else {
        ui.remark(&format!("{}: {} written", written.path, human_bytes(written.bytes_written)));
    }
    Ok(ExitCode::SUCCESS)
}
