//! `pyro runtime list`: the pinned release, what is installed, and what is used.

use crate::failure::Outcome;
use crate::settings;
use crate::ui::{Table, Ui, human_bytes};
use pyro::machine::firecracker::program::Source;
use pyro::runtime::{Listing, Runtimes};
use std::process::ExitCode;

/// List the installed Firecrackers, and which one pyro uses
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  pyro runtime list\n  pyro runtime list --json")]
pub(crate) struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn list(ui: &Ui, arguments: &Arguments) -> Outcome {
    let listing = Runtimes::new(settings::config()?).list();
    if arguments.json {
        ui.json(&listing)?;
    } else {
        ui.data(&table(&listing).to_string())?;
        ui.summary(&summary(&listing));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(listing: &Listing) -> Table<5> {
    let mut table = Table::new(&["VERSION", "INSTALLED", "USED", "SIZE", "WHERE"]);
    if !listing.pinned.installed {
        let version = listing.pinned.version.to_string();
        let how = "`pyro runtime install` brings it".into();
        table.row([version, "no".into(), "no".into(), "-".into(), how]);
    }
    for runtime in &listing.installed {
        table.row([
            runtime.version.to_string(),
            "yes".into(),
            if runtime.used { "yes" } else { "no" }.into(),
            human_bytes(runtime.size_bytes),
            runtime.path.display().to_string(),
        ]);
    }
    table
}

fn summary(listing: &Listing) -> String {
    match &listing.used {
        None => "this host has no Firecracker".into(),
        Some(found) if found.usable().is_none() => format!("not usable: {found}"),
        Some(found) => {
            let why = match found.source {
                Source::Setting => "PYRO_FIRECRACKER names it",
                Source::Installed => "the newest that is installed",
                Source::SearchPath => "the first on PATH",
            };
            format!("where KVM works, machines run on {found} ({why})")
        }
    }
}
