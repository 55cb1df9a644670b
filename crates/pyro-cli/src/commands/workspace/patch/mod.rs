//! `pyro workspace patch`: changes to many files of a workspace at once.

mod apply;

use super::{call, diff, file};
use crate::failure::Outcome;
use crate::ui::Ui;

/// Change many files of a workspace at once
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Apply(apply::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Apply(arguments) => apply::apply(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Apply(arguments) => arguments.json,
        }
    }
}
