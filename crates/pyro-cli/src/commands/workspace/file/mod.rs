//! `pyro workspace file`: the files of a workspace, one by one.

mod edit;
mod list;
mod read;
mod text;
mod write;

pub(super) use list::show_list;
pub(super) use read::show_content;
pub(super) use text::given;

use super::call;
use crate::failure::Outcome;
use crate::ui::Ui;

/// List, read, write and edit the files of a workspace
///
/// A path is absolute, or relative to /workspace. No link is followed.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Read(read::Arguments),
    Write(write::Arguments),
    Edit(edit::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::List(arguments) => list::list(ui, arguments),
            Self::Read(arguments) => read::read(ui, arguments),
            Self::Write(arguments) => write::write(ui, arguments),
            Self::Edit(arguments) => edit::edit(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::List(arguments) => arguments.json,
            Self::Read(arguments) => arguments.json,
            Self::Write(arguments) => arguments.json,
            Self::Edit(arguments) => arguments.json,
        }
    }
}
