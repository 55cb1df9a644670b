//! `pyro runtime remove`: an installed Firecracker, gone.

use crate::failure::Outcome;
use crate::settings;
use crate::ui::Ui;
use pyro::machine::firecracker::version::Version;
use pyro::runtime::Runtimes;
use serde::Serialize;
use std::process::ExitCode;

/// Remove a Firecracker that pyro installed
///
/// Machines that run on it go on running. Removing what is not installed changes nothing.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro runtime remove 1.16.1\n  pyro runtime remove 1.16.1 --json"
)]
pub(crate) struct Arguments {
    /// The version, as `pyro runtime list` names it
    #[arg(value_parser = version)]
    version: Version,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Serialize)]
struct Removal {
    /// Which release.
    version: Version,
    /// Whether it was there.
    removed: bool,
}

fn version(text: &str) -> Result<Version, &'static str> {
    Version::parse(text).ok_or("not a version like 1.16.1")
}

pub(crate) fn remove(ui: &Ui, arguments: &Arguments) -> Outcome {
    let version = arguments.version;
    let progress = ui.progress();
    let removed =
        Runtimes::new(settings::config()?).remove(version, &|event| progress.observe(&event))?;
    if arguments.json {
        ui.json(&Removal { version, removed })?;
    } else if removed {
        ui.data(&format!("removed Firecracker v{version}\n"))?;
    } else {
        ui.data(&format!("Firecracker v{version} is not installed\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}
