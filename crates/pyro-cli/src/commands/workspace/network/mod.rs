//! `pyro workspace network`: what a workspace reaches.

mod log;

use crate::failure::Outcome;
use crate::ui::Ui;

/// See what a workspace reaches over the network
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Log(log::Arguments),
}

impl Command {
    pub(crate) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Log(arguments) => log::log(ui, arguments),
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Log(arguments) => arguments.json,
        }
    }
}
