//! `pyro env list`: the catalog, and what of it is ready.

use crate::failure::Outcome;
use crate::settings;
use crate::ui::{Table, Ui, human_bytes};
use pyro::environment::Environments;
use std::process::ExitCode;

/// List the environments, and which of them are ready to boot
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro env list\n  pyro env list --json")]
pub(crate) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn list(ui: &Ui, arguments: &Arguments) -> Outcome {
    let listing = Environments::new(settings::config()?).list()?;
    if arguments.json {
        ui.json(&listing)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["NAME", "VERSION", "READY", "SIZE", "DESCRIPTION"]);
    for environment in &listing.environments {
        table.row([
            environment.name.clone(),
            short(&environment.version),
            if environment.installed { "yes" } else { "no" }.into(),
            environment.size_bytes.map_or_else(|| "-".into(), human_bytes),
            environment.description.clone(),
        ]);
    }
    ui.data(&table.to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// Of a digest, as much as tells images apart.
fn short(version: &str) -> String {
    match version.strip_prefix("sha256:") {
        Some(digest) => digest.chars().take(12).collect(),
        None => version.to_owned(),
    }
}
