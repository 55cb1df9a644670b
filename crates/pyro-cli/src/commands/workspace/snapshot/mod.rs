//! `pyro workspace snapshot`: copies of a workspace's whole disk, to which it can be reset.

mod create;
mod delete;
mod list;

use super::{call, create as workspace_create};
use crate::failure::Outcome;
use crate::ui::Ui;

/// Take, list and delete snapshots of a workspace, to which it can be reset
///
/// A snapshot is a copy of its whole disk, root file system included. The snapshot "baseline" is there from the beginning, and belongs to its workspace.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Create(create::Arguments),
    List(list::Arguments),
    Delete(delete::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Create(arguments) => create::create(ui, arguments),
            Self::List(arguments) => list::list(ui, arguments),
            Self::Delete(arguments) => delete::delete(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Create(arguments) => arguments.json,
            Self::List(arguments) => arguments.json,
            Self::Delete(arguments) => arguments.json,
        }
    }
}
