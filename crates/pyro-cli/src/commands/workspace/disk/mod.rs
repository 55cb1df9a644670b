//! `pyro workspace disk`: the disk of a stopped workspace, without starting it.

mod export;
mod list;
mod read;

use super::{call, file};
use crate::failure::Outcome;
use crate::ui::Ui;

/// Look into the disk of a stopped workspace without starting it, or export it
///
/// The disk is read by a process of its own in the jail, because a guest has made it. After an unclean stop
/// it is shown as its journal leaves it.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Read(read::Arguments),
    Export(export::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::List(arguments) => list::list(ui, arguments),
            Self::Read(arguments) => read::read(ui, arguments),
            Self::Export(arguments) => export::export(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::List(arguments) => arguments.json,
            Self::Read(arguments) => arguments.json,
            Self::Export(arguments) => arguments.json,
        }
    }
}
