//! `pyro host connect`: a chat host starts this pyro from now on.

use super::Wanted;
use super::edit::{Change, Edit};
use crate::failure::Outcome;
use crate::hosts::Host;
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
    #[command(flatten)]
    pub(super) change: Change,
    #[command(flatten)]
    wanted: Wanted,
}

pub(crate) fn connect(ui: &Ui, arguments: &Arguments) -> Outcome {
    let entry = arguments.wanted.entry(&settings::working_directory()?)?;
    Edit::begin(ui, arguments.host, &arguments.change)?.connect(&entry)
}
