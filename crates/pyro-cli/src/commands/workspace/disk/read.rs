//! `pyro workspace disk read`.

use super::call::call;
use super::file::show_content;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::secret::Disclosure;
use std::process::ExitCode;

/// Print a text file of a stopped workspace, or a part of it
///
/// What is not UTF-8 is refused with the place of the first such byte.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace disk read fix-42 README.md
  pyro workspace disk read fix-42 build.log --offset 65536 --max-bytes 1000000
  pyro workspace disk read fix-42 README.md --content-only > README.md")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which file below /workspace
    path: String,
    /// So many bytes at most
    #[arg(long, default_value_t = 65_536, value_name = "N")]
    max_bytes: u64,
    /// Begin at this byte
    #[arg(long, default_value_t = 0, value_name = "N")]
    offset: u64,
    /// Give the content out although it holds a secret of the workspace
    #[arg(long)]
    allow_secrets: bool,
    /// Print the content and say nothing else
    #[arg(long, conflicts_with = "json")]
    content_only: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn read(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, path, max_bytes, offset, allow_secrets, content_only, json } =
        arguments;
    let (part, disclosure) = ((*offset, *max_bytes), Disclosure::allowed_if(*allow_secrets));
    let read = call(ui, async |config, observer| {
        Ok(pyro::workspace::disk_read(config, workspace, path, part, disclosure, observer).await?)
    })?;
    if *json {
        ui.json(&read)?;
    } else {
        show_content(ui, &read, *content_only)?;
    }
    Ok(ExitCode::SUCCESS)
}
