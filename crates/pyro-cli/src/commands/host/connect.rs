//! `pyro host connect`: a chat host starts this pyro from now on.

use super::edit::{Change, Edit};
use crate::commands::mcp::Choices;
use crate::failure::Outcome;
use crate::hosts::{Entry, Host};
use crate::settings;
use crate::ui::Ui;

/// Tell a chat host of pyro: from then on it starts this server by itself
///
/// The entry has the absolute path of this executable, so that the host finds it whatever its PATH is. Everything
/// else in the host's settings stays as it is, comments too, and a copy of them is kept beside them. Doing it again
/// changes nothing, or only what you say differently. The options are those of `pyro mcp serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro host connect claude-code
  pyro host connect codex --project-path ~/src/app --max-workspaces 4
  pyro host connect opencode --profile workspace-full --dry-run
  pyro host connect gemini --uvx")]
pub(crate) struct Arguments {
    /// The chat host
    #[arg(value_name = "HOST", value_parser = super::connectable())]
    host: &'static Host,
    /// Start whatever release uv finds, instead of this executable
    #[arg(long)]
    uvx: bool,
    #[command(flatten)]
    pub(super) change: Change,
    #[command(flatten)]
    choices: Choices,
}

pub(crate) fn connect(ui: &Ui, arguments: &Arguments) -> Outcome {
    let words = arguments.choices.words(&settings::working_directory()?)?;
    let entry = if arguments.uvx {
        Entry::of_uvx(&words)
    } else {
        Entry::of_executable(&settings::executable()?, &words)
    };
    Edit::begin(ui, arguments.host, &arguments.change)?.connect(&entry)
}
