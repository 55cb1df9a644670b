//! `pyro env inspect`: everything known about one environment.

use crate::failure::Outcome;
use crate::settings;
use crate::ui::{Ui, outline};
use pyro::environment::Environments;
use std::process::ExitCode;

/// Show one environment: where it came from and what it holds
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro env inspect debian:12\n  pyro env inspect alpine:3.20 --json"
)]
pub(crate) struct Arguments {
    /// A name of `pyro env list`, or a container image
    #[arg(value_name = "ENV")]
    environment: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn inspect(ui: &Ui, arguments: &Arguments) -> Outcome {
    let found = Environments::new(settings::config()?).inspect(&arguments.environment)?;
    if arguments.json {
        ui.json(&found)?;
    } else {
        ui.data(&outline(&found)?)?;
    }
    Ok(ExitCode::SUCCESS)
}
