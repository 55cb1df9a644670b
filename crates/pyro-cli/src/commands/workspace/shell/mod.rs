//! `pyro workspace shell`: shells that stay open between calls, behind terminals of their own.

mod attach;
mod close;
mod list;
mod open;
mod raw_mode;
mod read;
mod signal;
mod write;

use super::call;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::shell::ShellStatus;

/// Open shells in a workspace, type into them and read what they show
///
/// A shell stays open until it ends, is closed, or its workspace stops or expires. Any number of programs can read one at the same time; `attach` joins a person's terminal to it.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  shell=$(pyro workspace shell open fix-42 --id-only)
  pyro workspace shell write fix-42 $shell --input 'make test'
  pyro workspace shell read fix-42 $shell --plain --wait-for-idle-ms 500
  pyro workspace shell attach fix-42 $shell
  pyro workspace shell close fix-42 $shell")]
pub(crate) enum Command {
    Open(open::Arguments),
    List(list::Arguments),
    Read(read::Arguments),
    Write(write::Arguments),
    Signal(signal::Arguments),
    Attach(attach::Arguments),
    Close(close::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Open(arguments) => open::open(ui, arguments),
            Self::List(arguments) => list::list(ui, arguments),
            Self::Read(arguments) => read::read(ui, arguments),
            Self::Write(arguments) => write::write(ui, arguments),
            Self::Signal(arguments) => signal::signal(ui, arguments),
            Self::Attach(arguments) => attach::attach(ui, arguments),
            Self::Close(arguments) => close::close(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Open(arguments) => arguments.json,
            Self::List(arguments) => arguments.json,
            Self::Read(arguments) => arguments.json,
            Self::Write(arguments) => arguments.json,
            Self::Signal(arguments) => arguments.json,
            Self::Attach(_) => false,
            Self::Close(arguments) => arguments.json,
        }
    }

    /// Whether the exit code is the shell's.
    pub(super) fn exits_like_its_command(&self) -> bool {
        matches!(self, Self::Attach(_))
    }
}

/// `running`, `exited: exit code 7`, `closed`.
fn how_it_stands(shell: &ShellStatus) -> String {
    match shell.exit_code {
        Some(code) => format!("{}: exit code {code}", shell.state),
        None => shell.state.to_string(),
    }
}
