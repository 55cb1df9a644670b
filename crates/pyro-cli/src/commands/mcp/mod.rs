//! `pyro mcp`: pyro as a tool of chat hosts.

mod choices;
mod serve;

pub(crate) use choices::Choices;

use crate::failure::Outcome;

/// Serve pyro to chat hosts over the Model Context Protocol
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Serve(serve::Arguments),
}

impl Command {
    pub(crate) fn run(&self) -> Outcome {
        match self {
            Self::Serve(arguments) => serve::serve(arguments),
        }
    }
}
