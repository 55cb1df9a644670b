//! `pyro env export`: an environment in one file, for machines without a registry.

use crate::block_on;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::{Ui, human_bytes};
use pyro::Kind;
use pyro::environment::{Environments, Exported};
use pyro::error::Diagnose;
use std::io::{self, IsTerminal, Write};
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
    if is_stream(arguments) && io::stdout().is_terminal() {
        return Err(pyro::Error::from(ToTerminal).into());
    }
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
        if !is_stream {
            return Ok(environments.export(&environment, &output, &observer)?);
        }
        let mut stream = Stream::default();
        let shown = "standard output".as_ref();
        let exported = environments.export_to(&environment, &mut stream, shown, &observer);
        if stream.is_broken { Err(Failure::BrokenPipe) } else { Ok(exported?) }
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(exported) => exported,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}

/// Standard output, which remembers whether anybody reads it.
#[derive(Default)]
struct Stream {
    is_broken: bool,
}

impl Stream {
    fn noticing<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        self.is_broken |= done.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
        done
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stdout().write(bytes);
        self.noticing(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = io::stdout().flush();
        self.noticing(flushed)
    }
}

/// Standard output is a terminal, which an archive would only confuse.
#[derive(Debug, thiserror::Error)]
#[error("an environment does not go to a terminal")]
struct ToTerminal;

impl Diagnose for ToTerminal {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "output_is_terminal"
    }
    fn hints(&self) -> Vec<String> {
        vec!["redirect the output, or name a file: --output FILE".into()]
    }
}
