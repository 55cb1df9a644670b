//! `pyro env pull`: an environment made ready ahead of its first use.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::environment::Environments;
use std::process::ExitCode;

/// Prepare an environment, so that its first machine starts at once
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  pyro env pull debian:12\n  pyro env pull debian:12-build --json"
)]
pub(crate) struct Arguments {
    /// The environment, as `pyro env list` names it
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
        interrupts.or(prepare(ui, config, &arguments.environment)).await??;
        let ready = environments.inspect(&arguments.environment)?;
        if arguments.json {
            ui.json(&ready)?;
        } else {
            ui.data(&format!("{} is ready\n", arguments.environment))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Prepares the environment on a thread of its own, because that work blocks.
pub(crate) async fn prepare(ui: &Ui, config: pyro::Config, environment: &str) -> Outcome<()> {
    let progress = ui.progress();
    let environment = environment.to_owned();
    let work = move || {
        let pulled =
            Environments::new(config).pull(&environment, &|event| progress.observe(&event));
        pulled.map(|_| ())
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(pulled) => Ok(pulled?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
