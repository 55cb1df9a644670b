//! `pyro env remove`: one environment less.

use super::prune::say;
use crate::failure::Outcome;
use crate::settings;
use crate::ui::Ui;
use pyro::environment::Environments;
use std::process::ExitCode;

/// Remove an environment; what was made from it keeps what it needs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro env remove alpine:3.20\n  pyro env remove debian:12-build --json"
)]
pub(crate) struct Arguments {
    /// A name of `pyro env list`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn remove(ui: &Ui, arguments: &Arguments) -> Outcome {
    let removed = Environments::new(settings::config()?).remove(&arguments.environment)?;
    if arguments.json {
        ui.json(&removed)?;
    } else {
        say(ui, &removed)?;
    }
    Ok(ExitCode::SUCCESS)
}
