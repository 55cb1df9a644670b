//! `pyro workspace file edit`: one text in place of another.

use super::call::work;
use super::text::given;
use crate::failure::Outcome;
use crate::ui::{Ui, count};
use pyro::error::{Diagnose, Kind};
use pyro::workspace::file_edit::Edit;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Replace a text in a file of a workspace
///
/// The text must be there exactly as it is given, and once; otherwise nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace file edit fix-42 src/main.rs --old 'a < b' --new 'a <= b'
  pyro workspace file edit fix-42 src/main.rs --old-file before.txt --new-file after.txt
  pyro workspace file edit fix-42 README.md --old colour --new color --replace-all")]
#[command(group = clap::ArgGroup::new("before").required(true))]
#[command(group = clap::ArgGroup::new("after").required(true))]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which file
    path: String,
    /// The text that is there
    #[arg(long, value_name = "T", group = "before", allow_hyphen_values = true)]
    old: Option<String>,
    /// A file of this host that holds it
    #[arg(long, value_name = "F", group = "before")]
    old_file: Option<PathBuf>,
    /// What takes its place
    #[arg(long, value_name = "T", group = "after", allow_hyphen_values = true)]
    new: Option<String>,
    /// A file of this host that holds that
    #[arg(long, value_name = "F", group = "after")]
    new_file: Option<PathBuf>,
    /// Replace it wherever it is
    #[arg(long)]
    replace_all: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

impl Arguments {
    fn edit(&self) -> Outcome<Edit> {
        Ok(Edit {
            old: text(self.old.as_deref(), self.old_file.as_deref())?,
            new: text(self.new.as_deref(), self.new_file.as_deref())?,
            replace_all: self.replace_all,
        })
    }
}

fn text(text: Option<&str>, file: Option<&Path>) -> pyro::Result<String> {
    String::from_utf8(given(text, file)?).map_err(|_| NotText.into())
}

/// A text that is to be replaced, or to take its place, is not UTF-8.
#[derive(Debug, thiserror::Error)]
#[error("the text to replace and what takes its place must be UTF-8")]
struct NotText;

impl Diagnose for NotText {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "not_text"
    }
}

pub(super) fn edit(ui: &Ui, arguments: &Arguments) -> Outcome {
    let (path, edit) = (&arguments.path, arguments.edit()?);
    let edited = work(ui, &arguments.workspace, async |workspace, _| {
        Ok(workspace.file_edit(path, &edit).await?)
    })?;
    if arguments.json {
        ui.json(&edited)?;
    } else {
        let replaced = count(edited.replacements, "replacement");
        ui.remark(&format!("{}: {replaced}", edited.path));
    }
    Ok(ExitCode::SUCCESS)
}
