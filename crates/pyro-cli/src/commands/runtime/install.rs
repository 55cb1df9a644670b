//! `pyro runtime install`: a Firecracker, checked by digest.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use crate::ui::Ui;
use pyro::runtime::{Installation, Order, Runtimes};
use std::process::ExitCode;

/// Install the Firecracker release that this version of pyro was made for
///
/// It is downloaded from the releases of its project and checked against the digest that pyro knows;
/// what does not fit is not installed. Nothing outside pyro's own data directory is changed. Without
/// a connection, fetch the archive elsewhere and name it with --from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  pyro runtime install
  pyro runtime install --from firecracker-v1.16.1-x86_64.tgz
  pyro runtime install --from https://mirror.example/firecracker.tgz --sha256 DIGEST")]
pub(crate) struct Arguments {
    /// Install from here: the .tgz of a release, or the executable itself
    #[arg(long, value_name = "FILE|URL")]
    from: Option<String>,
    /// The SHA-256 of what --from names; needed for any other release
    #[arg(long, value_name = "DIGEST", requires = "from")]
    sha256: Option<String>,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(crate) fn install(ui: &Ui, arguments: &Arguments) -> Outcome {
    let runtimes = Runtimes::new(settings::config()?);
    let order = match &arguments.from {
        Some(from) => Order::from(from, arguments.sha256.as_deref()).map_err(pyro::Error::from)?,
        None => Order::pinned(),
    };
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let installation = interrupts.or(on_a_thread(ui, runtimes, order)).await??;
        if arguments.json {
            ui.json(&installation)?;
        } else {
            ui.data(&report(&installation))?;
            ui.summary("`pyro doctor` says whether machines run on it");
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// That work blocks.
async fn on_a_thread(ui: &Ui, runtimes: Runtimes, order: Order) -> Outcome<Installation> {
    let progress = ui.progress();
    let work = move || runtimes.install(&order, &|event| progress.observe(&event));
    match tokio::task::spawn_blocking(work).await {
        Ok(installed) => Ok(installed?),
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}

fn report(installation: &Installation) -> String {
    let Installation { version, path, changed, .. } = installation;
    let verb = if *changed { "installed" } else { "already installed" };
    format!("Firecracker v{version} is {verb}: {}\n", path.display())
}
