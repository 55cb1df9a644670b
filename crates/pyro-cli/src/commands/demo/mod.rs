//! `pyro demo`: what pyro does, shown to somebody who sees it for the first time.

mod machine;
mod ollama;

use crate::failure::Outcome;
use crate::ui::Ui;

/// Run one command in a real machine, end to end, and explain what happens
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  pyro demo
  pyro demo ollama"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    other: Option<Other>,
    /// Give the machine a network
    #[arg(long)]
    network: bool,
}

/// Demonstrations beside the first.
#[derive(Debug, clap::Subcommand)]
enum Other {
    Ollama(ollama::Arguments),
}

pub(crate) fn demo(ui: &Ui, arguments: &Arguments) -> Outcome {
    match &arguments.other {
        Some(Other::Ollama(arguments)) => ollama::demonstrate(ui, arguments),
        None => machine::demonstrate(ui, arguments.network),
    }
}

impl Arguments {
    pub(crate) fn wants_json(&self) -> bool {
        matches!(&self.other, Some(Other::Ollama(arguments)) if arguments.json)
    }
}
