//! `pyro workspace sync`: files of the host in a workspace that exists.

mod push;

use super::{call, create};
use crate::failure::Outcome;
use crate::ui::Ui;

/// Bring files of this host into a workspace
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Push(push::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Push(arguments) => push::push(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Push(arguments) => arguments.json,
        }
    }
}
