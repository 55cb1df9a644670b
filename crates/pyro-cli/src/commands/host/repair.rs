//! `pyro host repair`: the entry that a host has starts this pyro again, with the words it had.

use super::edit::{Change, Edit};
use crate::failure::Outcome;
use crate::hosts::Host;
use crate::settings;
use crate::ui::Ui;

/// Make a chat host's entry start this pyro again, with the options it has
///
/// For an entry whose executable has moved, or that starts another one. Settings that cannot be read, and entries
/// that start something else, are left alone.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro host repair codex
  pyro host repair claude-code --dry-run")]
pub(crate) struct Arguments {
    /// The chat host
    #[arg(value_name = "HOST", value_parser = super::connectable())]
    host: &'static Host,
    #[command(flatten)]
    pub(super) change: Change,
}

pub(crate) fn repair(ui: &Ui, arguments: &Arguments) -> Outcome {
    Edit::begin(ui, arguments.host, &arguments.change)?.repair(&settings::executable()?)
}
