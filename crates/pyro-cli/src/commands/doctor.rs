//! `pyro doctor`: what this host can do, and what to install for more.

use crate::failure::{FAILED, Outcome};
use crate::settings;
use crate::ui::{Ui, checklist};
use clap::builder::PossibleValuesParser;
use pyro::doctor::diagnose;
use std::process::ExitCode;

/// Check this host: what machines will run on, and what to do for better
///
/// Exits with 0 where machines can run, and with 1 where they cannot.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro doctor\n  pyro doctor --json")]
pub(crate) struct Arguments {
    /// The platform to check for
    #[arg(long, default_value = "linux-x86_64", value_name = "P",
          value_parser = PossibleValuesParser::new(["linux-x86_64"]))]
    platform: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn doctor(ui: &Ui, arguments: &Arguments) -> Outcome {
    let diagnosis = diagnose(&settings::config()?);
    if arguments.json {
        ui.json(&diagnosis)?;
    } else {
        ui.data(&checklist(&diagnosis))?;
    }
    Ok(if diagnosis.ready { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
