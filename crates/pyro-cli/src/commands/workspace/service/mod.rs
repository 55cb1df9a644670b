//! `pyro workspace service`: commands that a workspace keeps running.

mod list;
mod logs;
mod start;
mod status;
mod stop;

use super::call;
use crate::failure::Outcome;
use crate::ui::Ui;

/// Start, watch and stop services of a workspace: commands that it keeps running
///
/// A service outlives whoever started it, and ends when it is stopped, or with its workspace's machine: at a
/// stop, a reset or a deletion. As long as one runs the workspace is in use and does not expire.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  pyro workspace service start fix-42 web --ready-http http://localhost:8000/ -- python3 -m http.server
  pyro workspace service logs fix-42 web --follow
  pyro workspace service stop fix-42 web")]
pub(crate) enum Command {
    Start(start::Arguments),
    List(list::Arguments),
    Status(status::Arguments),
    Logs(logs::Arguments),
    Stop(stop::Arguments),
}

impl Command {
    pub(super) fn run(&self, ui: &Ui) -> Outcome {
        match self {
            Self::Start(arguments) => start::start(ui, arguments),
            Self::List(arguments) => list::list(ui, arguments),
            Self::Status(arguments) => status::status(ui, arguments),
            Self::Logs(arguments) => logs::logs(ui, arguments),
            Self::Stop(arguments) => stop::stop(ui, arguments),
        }
    }

    pub(super) fn wants_json(&self) -> bool {
        match self {
            Self::Start(arguments) => arguments.json,
            Self::List(arguments) => arguments.json,
            Self::Status(arguments) => arguments.json,
            Self::Logs(arguments) => arguments.json,
            Self::Stop(arguments) => arguments.json,
        }
    }
}
