//! `pyro runtime`: the virtual machine monitors that pyro installs.

mod install;
mod list;
mod remove;

use crate::failure::Outcome;
use crate::ui::Ui;

/// List, install and remove the Firecracker that machines run on where KVM works
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Install(install::Arguments),
    Remove(remove::Arguments),
}

impl Command {
    pub(crate) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::List(arguments) => list::list(ui, arguments),
            Self::Install(arguments) => install::install(ui, arguments),
            Self::Remove(arguments) => remove::remove(ui, arguments),
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List(arguments) => arguments.json,
            Self::Install(arguments) => arguments.json,
            Self::Remove(arguments) => arguments.json,
        }
    }
}
