//! `pyro doctor`: what this host can do, and what to install for more.

use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// Check this host: what machines will run on, and what to do for better
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro doctor\n  pyro doctor --json")]
pub(crate) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "every command gives an outcome")]
pub(crate) fn doctor(_ui: &Ui, _arguments: &Arguments) -> Outcome {
    Ok(ExitCode::FAILURE)
}
