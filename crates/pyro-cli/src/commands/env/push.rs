//! `pyro env push`: an environment put where other machines pull it from.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::{Ui, human_bytes};
use pyro::environment::{Environments, Pushed};
use std::process::ExitCode;

/// Put an environment into a registry, with its kernel, so that other machines need not make it
///
/// ENV must be ready here. What the registry gets is an artifact of pyro's own, its root image and its kernel, under
/// the tag of REFERENCE, with the login that Docker or Podman keeps for you; of what the registry has already
/// nothing is sent. Other machines boot the same bytes after `pyro env pull REFERENCE`, without building anything.
/// Where PYRO_REGISTRY names a place in a registry, `registry.example/pyro`, names of the catalog are pulled from
/// there: `debian:12` from `registry.example/pyro/debian:12`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro env push debian:12 registry.example/pyro/debian:12
  pyro env push localhost/tool:1 ghcr.io/owner/tool:1 --json")]
pub(crate) struct Arguments {
    /// A name of `pyro env list`
    #[arg(value_name = "ENV")]
    environment: String,
    /// Registry, repository and tag
    reference: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn push(ui: &Ui, arguments: &Arguments) -> Outcome {
    let environments = Environments::new(settings::config()?);
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let pushed = interrupts.or(send(ui, environments, arguments)).await??;
        if arguments.json {
            ui.json(&pushed)?;
        } else {
            let Pushed { reference, digest, size_bytes, sent_bytes, .. } = &pushed;
            let (size, sent) = (human_bytes(*size_bytes), human_bytes(*sent_bytes));
            ui.data(&format!("{reference} is {digest}: {size}, {sent} of it sent\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Works on a thread of its own, because that work blocks.
async fn send(ui: &Ui, environments: Environments, arguments: &Arguments) -> Outcome<Pushed> {
    let progress = ui.progress();
    let (environment, reference) = (arguments.environment.clone(), arguments.reference.clone());
    let work =
        move || environments.push(&environment, &reference, &|event| progress.observe(&event));
    match tokio::task::spawn_blocking(work).await {
        Ok(pushed) => Ok(pushed?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
