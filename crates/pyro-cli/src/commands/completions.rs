//! `pyro completions`: a completion script on stdout.

use super::Cli;
use crate::failure::Outcome;
use crate::ui::Ui;
use clap::CommandFactory;
use clap_complete::Shell;
use std::process::ExitCode;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro completions bash > ~/.local/share/bash-completion/completions/pyro
  pyro completions zsh > ~/.zfunc/_pyro
  pyro completions fish > ~/.config/fish/completions/pyro.fish")]
pub(crate) struct Arguments {
    /// Which shell
    shell: Shell,
}

pub(crate) fn completions(ui: &Ui, arguments: &Arguments) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "pyro", &mut script);
    ui.data(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
