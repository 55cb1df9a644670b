//! `pyro mcp serve`: the server on stdin and stdout, until the host closes it.

use crate::block_on;
use crate::failure::Outcome;
use crate::interrupt::Interrupts;
use crate::settings;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use pyro_mcp::{Profile, Settings};
use std::process::ExitCode;

/// Serve MCP on stdin and stdout; chat hosts start this themselves
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  claude mcp add pyro -- pyro mcp serve --profile vm-run
  codex mcp add pyro -- pyro mcp serve --profile vm-run

Profiles:
  vm-run           one tool, vm_run: a command in a machine of its own
  workspace-core   comes with a later release
  workspace-full   vm_run, and machines in single steps: create, start, exec, stop, delete;
                   workspaces come with a later release")]
pub(crate) struct Arguments {
    /// Which tools to offer
    #[arg(long, default_value = "workspace-core", value_name = "PROFILE", value_parser = profile())]
    profile: Profile,
    /// Let the model ask for commands on the host where no machine can boot: no isolation
    #[arg(long)]
    allow_host_compat: bool,
}

fn profile() -> impl TypedValueParser<Value = Profile> {
    PossibleValuesParser::new(Profile::NAMES).try_map(|name| name.parse::<Profile>())
}

pub(crate) fn serve(arguments: &Arguments) -> Outcome {
    let settings =
        Settings { profile: arguments.profile, allow_host_compat: arguments.allow_host_compat };
    let config = settings::config()?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let interrupted = async move {
            interrupts.next().await;
        };
        pyro_mcp::serve(config, settings, interrupted).await?;
        Ok(ExitCode::SUCCESS)
    })
}
