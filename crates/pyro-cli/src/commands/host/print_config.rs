//! `pyro host print-config`: what to put into a host's settings by hand.

use super::Wanted;
use crate::failure::Outcome;
use crate::hosts::{Host, Surroundings};
use crate::settings;
use crate::ui::Ui;
use std::process::ExitCode;

/// Print what to put into a chat host's settings
///
/// The entry goes to stdout, where it belongs is said on stderr; nothing is changed. The options are those of
/// `pyro mcp serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro host print-config opencode
  pyro host print-config claude-desktop --project-path ~/src/app
  pyro host print-config vscode > .vscode/mcp.json")]
pub(crate) struct Arguments {
    /// The chat host; generic is what most MCP clients read
    #[arg(value_name = "HOST", value_parser = super::any())]
    host: &'static Host,
    #[command(flatten)]
    wanted: Wanted,
}

pub(crate) fn print_config(ui: &Ui, arguments: &Arguments) -> Outcome {
    let here = settings::working_directory()?;
    let entry = arguments.wanted.entry(&here)?;
    let host = arguments.host;
    ui.data(&format!("{}\n", host.snippet(&entry).map_err(pyro::Error::from)?.trim_end()))?;
    if let Some(path) = host.settings(&Surroundings::of_this_process(here)) {
        ui.remark(&format!("for {}: {}", host.title, path.display()));
    }
    ui.remark(host.advice);
    Ok(ExitCode::SUCCESS)
}
