//! `pyro env export`: an environment in one file, for machines without a registry.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::{Ui, human_bytes};
use pyro::environment::{Environments, Exported};
use std::path::PathBuf;
use std::process::ExitCode;

/// Write an environment into one file, with its kernel, for `pyro env import` on another machine
///
/// ENV must be ready here. The file is an OCI layout in a tar archive, and the same environment always gives the
/// same bytes. It is there whole or not at all, and nothing is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro env export debian:12 --output debian.tar
  pyro env export debian:12 --output - | ssh other 'cat >debian.tar && pyro env import debian.tar'")]
pub(crate) struct Arguments {
    /// A name of `pyro env list`
    #[arg(value_name = "ENV")]
    environment: String,
    /// The new file; - is standard output
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Print one JSON document, where the file does not go to standard output
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn export(ui: &Ui, arguments: &Arguments) -> Outcome {
    let environments = Environments::new(settings::config()?);
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let exported = interrupts.or(write(ui, environments, arguments)).await??;
        if is_stream(arguments) {
            return Ok(ExitCode::SUCCESS);
        }
        if arguments.json {
            ui.json(&exported)?;
        } else {
            let (file, size) = (arguments.output.display(), human_bytes(exported.size_bytes));
            ui.data(&format!("{file} is {} as {}: {size}\n", exported.name, exported.digest))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn is_stream(arguments: &Arguments) -> bool {
    arguments.output.as_os_str() == "-"
}

/// Works on a thread of its own, because that work blocks.
async fn write(ui: &Ui, environments: Environments, arguments: &Arguments) -> Outcome<Exported> {
    let progress = ui.progress();
    let (environment, output) = (arguments.environment.clone(), arguments.output.clone());
    let is_stream = is_stream(arguments);
    let work = move || {
        let observer = |event| progress.observe(&event);
        if is_stream {
            let shown = "standard output".as_ref();
            environments.export_to(&environment, std::io::stdout(), shown, &observer)
        } else {
            environments.export(&environment, &output, &observer)
        }
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(exported) => Ok(exported?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}
