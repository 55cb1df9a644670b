//! `pyro env`: what machines boot from.

mod build;
mod export;
mod import;
mod inspect;
mod list;
mod prune;
mod pull;
mod push;
mod remove;

pub(super) use pull::prepare;

use crate::failure::Outcome;
use crate::ui::Ui;

/// List, inspect, prepare, build, share and remove what machines boot from
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    List(list::Arguments),
    Inspect(inspect::Arguments),
    Pull(pull::Arguments),
    Build(build::Arguments),
    Import(import::Arguments),
    Export(export::Arguments),
    Push(push::Arguments),
    Remove(remove::Arguments),
    Prune(prune::Arguments),
}

impl Command {
    pub(crate) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::List(arguments) => list::list(ui, arguments),
            Self::Inspect(arguments) => inspect::inspect(ui, arguments),
            Self::Pull(arguments) => pull::pull(ui, arguments),
            Self::Build(arguments) => build::build(ui, arguments),
            Self::Import(arguments) => import::import(ui, arguments),
            Self::Export(arguments) => export::export(ui, arguments),
            Self::Push(arguments) => push::push(ui, arguments),
            Self::Remove(arguments) => remove::remove(ui, arguments),
            Self::Prune(arguments) => prune::prune(ui, arguments),
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List(arguments) => arguments.json,
            Self::Inspect(arguments) => arguments.json,
            Self::Pull(arguments) => arguments.json,
            Self::Build(arguments) => arguments.json,
            Self::Import(arguments) => arguments.json,
            Self::Export(arguments) => arguments.json,
            Self::Push(arguments) => arguments.json,
            Self::Remove(arguments) => arguments.json,
            Self::Prune(arguments) => arguments.json,
        }
    }
}
