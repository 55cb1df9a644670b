//! `pyro host`: telling chat hosts of pyro, and finding out why one does not see it.

mod connect;
mod disconnect;
mod doctor;
mod edit;
mod print_config;
mod repair;

use crate::commands::mcp::Choices;
use crate::failure::Outcome;
use crate::hosts::{self, Entry, Host};
use crate::settings;
use crate::ui::Ui;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::Path;

/// Connect chat hosts with pyro, and find out why one does not see it
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  pyro host connect claude-code
  pyro host connect codex --project-path ~/src/app --dry-run
  pyro host print-config cursor
  pyro host doctor")]
pub(crate) enum Command {
    Connect(connect::Arguments),
    PrintConfig(print_config::Arguments),
    Doctor(doctor::Arguments),
    Repair(repair::Arguments),
    Disconnect(disconnect::Arguments),
}

impl Command {
    pub(crate) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Connect(arguments) => connect::connect(ui, arguments),
            Self::PrintConfig(arguments) => print_config::print_config(ui, arguments),
            Self::Doctor(arguments) => doctor::doctor(ui, arguments),
            Self::Repair(arguments) => repair::repair(ui, arguments),
            Self::Disconnect(arguments) => disconnect::disconnect(ui, arguments),
        }
    }

    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Connect(arguments) => arguments.change.json,
            Self::PrintConfig(_) => false,
            Self::Doctor(arguments) => arguments.json,
            Self::Repair(arguments) => arguments.change.json,
            Self::Disconnect(arguments) => arguments.change.json,
        }
    }
}

/// What a host is to start.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// Start whatever release uv finds, instead of this executable
    #[arg(long)]
    uvx: bool,
    #[command(flatten)]
    choices: Choices,
}

impl Wanted {
    fn entry(&self, here: &Path) -> Result<Entry, pyro::Error> {
        let words = self.choices.words(here)?;
        Ok(match self.uvx {
            true => Entry::of_uvx(&words),
            false => Entry::of_executable(&settings::executable()?, &words),
        })
    }
}

/// A host whose settings pyro can change.
fn connectable() -> impl TypedValueParser<Value = &'static Host> {
    host(hosts::names(Host::connectable()))
}

/// Any host.
fn any() -> impl TypedValueParser<Value = &'static Host> {
    host(hosts::names(Host::all()))
}

fn host(names: Vec<&'static str>) -> impl TypedValueParser<Value = &'static Host> {
    PossibleValuesParser::new(names).try_map(|name| hosts::named(&name).ok_or("no such host"))
}
