//! `pyro env pull`: an environment made ready ahead of its first use.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::environment::{Environments, Installed};
use pyro::event::Observer;
use pyro::vm;
use std::process::ExitCode;

/// Prepare an environment, so that its first machine starts at once
///
/// An image is pulled from its registry, Docker Hub where the name has none, with the login that Docker or Podman
/// keeps for you. Where its tag has moved since the last pull the new image is pulled; what was made from
/// the old one keeps it. What `pyro env push` put there is pulled with its kernel, and needs nothing else. Names of
/// the catalog are pulled so too where PYRO_REGISTRY names a place in a registry, `registry.example/pyro`; what
/// that has not is built on this host.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro env pull debian:12
  pyro env pull alpine:3.20
  pyro env pull ghcr.io/owner/name@sha256:… --json
  PYRO_REGISTRY=registry.example/pyro pyro env pull debian:12")]
pub(crate) struct Arguments {
    /// A name of `pyro env list`, or any container image
    #[arg(value_name = "ENV")]
    environment: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn pull(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = settings::config()?;
    let environments = Environments::new(config.clone());
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        interrupts.or(update(ui, config, &arguments.environment)).await??;
        let ready = environments.inspect(&arguments.environment)?;
        if arguments.json {
            ui.json(&ready)?;
        } else {
            ui.data(&format!("{} is ready\n", arguments.environment))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Makes the environment ready; an image that is here stays what it is.
pub(crate) async fn prepare(ui: &Ui, config: pyro::Config, environment: &str) -> Outcome<()> {
    bring(ui, config, environment, vm::prepare::pull).await
}

/// Makes the newest of the environment ready.
async fn update(ui: &Ui, config: pyro::Config, environment: &str) -> Outcome<()> {
    bring(ui, config, environment, vm::prepare::update).await
}

type Bring = fn(&pyro::Config, &str, Observer<'_>) -> pyro::Result<Installed>;

/// Works on a thread of its own, because that work blocks.
async fn bring(ui: &Ui, config: pyro::Config, environment: &str, bring: Bring) -> Outcome<()> {
    let progress = ui.progress();
    let environment = environment.to_owned();
    let work = move || {
        let observer = |event| progress.observe(&event);
        bring(&config, &environment, &observer).map(drop)
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(brought) => Ok(brought?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
