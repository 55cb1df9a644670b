//! `pyro workspace file read`: a text file, or a part of it.

use super::call::take_out;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::file_read::{FileContent, FileRead, From};
use std::process::ExitCode;

/// Print a text file of a workspace, or a part of it
///
/// What is not UTF-8 is refused with the place of the first such byte.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace file read fix-42 README.md
  pyro workspace file read fix-42 src/main.rs --lines 10-40
  pyro workspace file read fix-42 build.log --offset 65536 --max-bytes 1000000
  pyro workspace file read fix-42 README.md --content-only > README.md")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which file
    path: String,
    /// So many bytes at most
    #[arg(long, default_value_t = 65_536, value_name = "N")]
    max_bytes: u64,
    /// Begin at this byte
    #[arg(long, default_value_t = 0, value_name = "N", conflicts_with = "lines")]
    offset: u64,
    /// Only these lines, the first is 1
    #[arg(long, value_name = "FIRST-LAST", value_parser = lines)]
    lines: Option<(u64, u64)>,
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

/// `7` or `7-12`, as the first line and how many.
fn lines(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok((first, last - first + 1)),
        _ => Err("lines are written FIRST-LAST, counted from 1".to_owned()),
    }
}

impl Arguments {
    fn part(&self) -> FileRead {
        let from = match self.lines {
            Some((first, count)) => From::Line { first, count },
            None => From::Byte(self.offset),
        };
        FileRead { from, max_bytes: self.max_bytes }
    }
}

pub(super) fn read(ui: &Ui, arguments: &Arguments) -> Outcome {
    let (path, part) = (&arguments.path, arguments.part());
    let (workspace, allow_secrets) = (&arguments.workspace, arguments.allow_secrets);
    let read = take_out(ui, workspace, allow_secrets, async |workspace, _| {
        Ok(workspace.file_read(path, part).await?)
    })?;
    if arguments.json {
        ui.json(&read)?;
        return Ok(ExitCode::SUCCESS);
    }
    show_content(ui, &read, arguments.content_only)?;
    Ok(ExitCode::SUCCESS)
}

/// For a person, or as it is.
pub(in super::super) fn show_content(
    ui: &Ui,
    read: &FileContent,
    content_only: bool,
) -> std::io::Result<()> {
    ui.guest_text(&read.content)?;
    if let Some(next) = read.next_offset.filter(|_| !content_only) {
        ui.remark(&format!(
            "bytes {} to {next} of {}; --offset {next} reads on",
            read.offset, read.size_bytes
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_count_from_one_and_run_forwards() {
        assert_eq!(lines("7"), Ok((7, 1)));
        assert_eq!(lines("7-12"), Ok((7, 6)));
        for wrong in ["", "0-3", "5-4", "1-", "-3", "a-b", "1-2-3"] {
            assert!(lines(wrong).is_err(), "{wrong}");
        }
    }
}
