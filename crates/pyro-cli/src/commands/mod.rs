//! The commands, one file per verb as users type them. A command turns its arguments into a call
//! of the library and hands the answer to [`Ui`]; the doc comments are the help text.

mod completions;
mod demo;
mod doctor;
mod env;
mod host;
mod mcp;
mod network;
mod run;
mod runtime;
mod workspace;

use crate::failure::{EXEC_FAILED, MISUSED, Outcome};
use crate::ui::Ui;
use clap::{Parser, Subcommand};
use std::ffi::OsString;

/// Disposable Linux microVM workspaces for coding agents
#[derive(Debug, Parser)]
#[command(name = "pyro", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  run, workspace exec, workspace shell attach
           the guest command's own; 128+N where signal N killed it, 124 after a timeout;
           125 where pyro itself failed, a wrong command line included
  others   0 done, 1 failed, 2 wrong command line or setting
  all      128+N where signal N ended pyro, 141 where nobody reads its output";

/// What users type after `pyro`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Doctor(doctor::Arguments),
    #[command(subcommand)]
    Env(env::Command),
    Run(run::Arguments),
    #[command(subcommand)]
    Workspace(workspace::Command),
    #[command(subcommand)]
    Runtime(runtime::Command),
    Demo(demo::Arguments),
    #[command(subcommand)]
    Mcp(mcp::Command),
    #[command(subcommand)]
    Host(host::Command),
    Completions(completions::Arguments),
}

impl Command {
    /// Does what was typed.
    pub(crate) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Doctor(arguments) => doctor::doctor(ui, arguments),
            Self::Env(command) => command.run(ui),
            Self::Run(arguments) => run::run(ui, arguments),
            Self::Workspace(command) => command.run(ui),
            Self::Runtime(command) => command.run(ui),
            Self::Demo(arguments) => demo::demo(ui, arguments),
            Self::Mcp(command) => command.run(),
            Self::Host(command) => command.run(ui),
            Self::Completions(arguments) => completions::completions(ui, arguments),
        }
    }

    /// Whether stdout belongs to one JSON document, errors included.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Doctor(arguments) => arguments.json,
            Self::Env(command) => command.wants_json(),
            Self::Run(arguments) => arguments.json,
            Self::Workspace(command) => command.wants_json(),
            Self::Runtime(command) => command.wants_json(),
            Self::Host(command) => command.wants_json(),
            Self::Demo(arguments) => arguments.wants_json(),
            Self::Mcp(_) | Self::Completions(_) => false,
        }
    }

    /// Whether the exit code is that of a command in a guest.
    pub(crate) fn exits_like_its_command(&self) -> bool {
        match self {
            Self::Run(_) => true,
            Self::Workspace(command) => command.exits_like_its_command(),
            _ => false,
        }
    }
}

/// The exit code of a command line that cannot be read.
pub(crate) fn usage_failure(words: &[OsString]) -> u8 {
    let is = |place: usize, wanted: &str| words.get(place).is_some_and(|word| word == wanted);
    let is_attach = is(2, "shell") && is(3, "attach");
    let is_exec = is(1, "run") || is(1, "workspace") && (is(2, "exec") || is_attach);
    if is_exec { EXEC_FAILED } else { MISUSED }
}

/// Whether a command line that cannot be read asks for JSON all the same.
pub(crate) fn ask_for_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| word == "--json")
}
