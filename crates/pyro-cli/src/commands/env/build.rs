//! `pyro env build`: an environment from a recipe.

use crate::block_on;
use crate::ca_bundle::CaBundle;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::Config;
use pyro::environment::{Environments, Inspection, catalog};
use pyro::vm::build::{self, BuildRequest, Built, Machine};
use pyro::vm::prepare;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make an environment from a recipe
///
/// RECIPE is a small TOML file that says what to start from and what to do: packages to install, files to put in, commands
/// to run. A machine does it, and its root becomes the environment's image. The same recipe on the same base is made
/// once; docs/environments.md explains every key. A name of the catalog is made anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro env build tool.toml
  pyro env build tool.toml --name acme/tool:2 --mem-mib 4096 --vcpu-count 2
  pyro env build tool.toml --pull --no-cache
  pyro env build debian:12")]
pub(crate) struct Arguments {
    /// The recipe file, or a name of the catalog
    recipe: PathBuf,
    /// What to call the environment, instead of what the recipe says
    #[arg(long)]
    name: Option<String>,
    /// Build even what was built before
    #[arg(long)]
    no_cache: bool,
    /// Ask the registry whether there is a newer image to start from
    #[arg(long)]
    pull: bool,
    /// Virtual CPUs of the machine that builds
    #[arg(long, default_value_t = 1, value_name = "N")]
    vcpu_count: u32,
    /// Its memory in MiB
    #[arg(long, default_value_t = 1024, value_name = "N")]
    mem_mib: u32,
    #[command(flatten)]
    ca_bundle: CaBundle,
    /// Build in an emulated machine even where nothing jails the emulator
    #[arg(long)]
    allow_weak_isolation: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

/// What was built.
#[derive(Debug, Serialize)]
struct Report {
    /// Whether the same had been built before, so that nothing was done.
    cached: bool,
    #[serde(flatten)]
    environment: Inspection,
}

pub(crate) fn build(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = arguments.ca_bundle.in_place_of_the_default(settings::config()?)?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let built = interrupts.or(make(ui, config.clone(), arguments)).await??;
        if arguments.json {
            let environment = Environments::new(config).inspect(&built.name)?;
            ui.json(&Report { cached: built.cached, environment })?;
            return Ok(ExitCode::SUCCESS);
        }
        let before = if built.cached { ", as it was built before" } else { "" };
        ui.data(&format!("{} is ready{before}\n", built.name))?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Works on a thread of its own, because that work blocks.
async fn make(ui: &Ui, config: Config, arguments: &Arguments) -> Outcome<Built> {
    let progress = ui.progress();
    let of_catalog = arguments.recipe.to_str().and_then(catalog::find);
    let request = arguments.request();
    let work = move || -> pyro::Result<Built> {
        let observer = |event| progress.observe(&event);
        match of_catalog {
            Some(recipe) => {
                let built = prepare::rebuild(&config, recipe.name, &observer)?;
                Ok(Built { name: built.name, cached: false })
            }
            None => build::build(&config, &request, &observer),
        }
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(built) => Ok(built?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}

impl Arguments {
    fn request(&self) -> BuildRequest {
        BuildRequest {
            recipe: self.recipe.clone(),
            name: self.name.clone(),
            anew: self.no_cache,
            pull: self.pull,
            machine: Machine {
                vcpu_count: self.vcpu_count,
                mem_mib: self.mem_mib,
                allow_weak_isolation: self.allow_weak_isolation,
            },
        }
    }
}
