//! `pyro env import`: an environment from a file or directory.

use super::pull::prepare;
use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::environment::Environments;
use std::path::PathBuf;
use std::process::ExitCode;

/// Make an environment of a file: another machine's environment, a container image, or a root file system
///
/// SOURCE is what `pyro env export`, `docker save` or `podman save` wrote, an OCI layout (a directory or an archive), or
/// a tar archive of a root file system; archives may be compressed with gzip or zstd. From then on NAME means
/// what was imported, as if it had been pulled.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro env import debian.tar
  docker save tool:1 | gzip > tool.tar.gz && pyro env import tool.tar.gz
  pyro env import ./layout --name localhost/tool:1
  pyro env import rootfs.tar --name localhost/rootfs && pyro run localhost/rootfs -- ls /")]
pub(crate) struct Arguments {
    /// The file or directory
    source: PathBuf,
    /// What to call it, as an image; needed where the source has no name
    #[arg(long)]
    name: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn import(ui: &Ui, arguments: &Arguments) -> Outcome {
    let config = settings::config()?;
    let environments = Environments::new(config.clone());
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let name = interrupts.or(read(ui, environments.clone(), arguments)).await??;
        interrupts.or(prepare(ui, config, &name)).await??;
        if arguments.json {
            ui.json(&environments.inspect(&name)?)?;
        } else {
            ui.data(&format!("{name} is ready\n"))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Works on a thread of its own, because that work blocks.
async fn read(ui: &Ui, environments: Environments, arguments: &Arguments) -> Outcome<String> {
    let progress = ui.progress();
    let (source, name) = (arguments.source.clone(), arguments.name.clone());
    let work =
        move || environments.import(&source, name.as_deref(), &|event| progress.observe(&event));
    match tokio::task::spawn_blocking(work).await {
        Ok(name) => Ok(name?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
