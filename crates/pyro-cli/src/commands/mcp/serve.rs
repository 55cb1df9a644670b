//! `pyro mcp serve`: the server on stdin and stdout, until the host closes it.

use super::Choices;
use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use pyro::certificates::Bundle;
use std::process::ExitCode;

/// Serve MCP on stdin and stdout; chat hosts start this themselves
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro host connect claude-code
  pyro host connect codex --project-path ~/src/app --max-workspaces 4
  pyro mcp serve --repo-url https://example.org/app.git --repo-ref main

Profiles:
  vm-run           one tool, vm_run: a command in a machine of its own
  workspace-core   vm_run, and workspaces: machines that keep their files from call to call
  workspace-full   all of it: workspaces can also be stopped and started, and machines for one
                   command made in single steps

Host paths:
  A model can name paths of this host only below --seed-root, and sees no other file of it.
  Without the flag that is the project, and nothing where there is none. What it exports goes
  below --export-root, without the flag .pyro/out in the project, and replaces nothing.

Network:
  With --network-policy every workspace of this server has that policy, and no machine more. Without
  it there is no network, unless a model asks for one and the profile lets it: workspace-full and
  vm-run do. What --allow-host and --allow-net name holds for every machine of the server.

Images:
  A model can name environments of the catalog, what is installed, and images that public registries
  give to everybody: none of this host, of its neighbours or of an address, and never with your
  logins. --allow-image names others, in full: ghcr.io/acme/tool, ghcr.io/acme/*, 127.0.0.1:5000/*.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    choices: Choices,
}

pub(crate) fn serve(arguments: &Arguments) -> Outcome {
    let settings = arguments.choices.settings(settings::working_directory()?)?;
    let config = arguments.choices.ca_bundle.in_place_of_the_default(settings::config()?)?;
    // the human is told now, not a model later
    Bundle::wanted(&config).map_err(pyro::Error::from)?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let interrupted = async move {
            interrupts.next().await;
        };
        pyro_mcp::serve(config, settings, interrupted).await?;
        Ok(ExitCode::SUCCESS)
    })
}
