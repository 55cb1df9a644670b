//! `pyro host disconnect`: a chat host forgets pyro.

use super::edit::{Change, Edit};
use crate::failure::Outcome;
use crate::hosts::Host;
use crate::ui::Ui;

/// Take pyro out of a chat host's settings
///
/// Only pyro's own entry goes; a copy of the settings is kept beside them. Where there is none, nothing is done.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro host disconnect codex
  pyro host disconnect opencode --dry-run")]
pub(crate) struct Arguments {
    /// The chat host
    #[arg(value_name = "HOST", value_parser = super::connectable())]
    host: &'static Host,
    #[command(flatten)]
    pub(super) change: Change,
}

pub(crate) fn disconnect(ui: &Ui, arguments: &Arguments) -> Outcome {
    Edit::begin(ui, arguments.host, &arguments.change)?.disconnect()
}
