//! `pyro workspace shell signal`.

use super::call::work;
use crate::failure::Outcome;
use crate::ui::Ui;
use pyro::workspace::shell_signal::ShellSignal;
use std::process::ExitCode;

/// Send a signal to what runs in a shell of a workspace
///
/// It reaches the program that has the shell's terminal, as Ctrl-C does, and the shell itself where none has.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace shell signal fix-42 sh-0a1b2c3d
  pyro workspace shell signal fix-42 sh-0a1b2c3d --signal KILL")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Which shell
    shell: String,
    /// Which signal
    #[arg(long, value_enum, default_value = "INT", ignore_case = true)]
    signal: Name,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
#[value(rename_all = "UPPER")]
enum Name {
    Hup,
    Int,
    Term,
    Kill,
}

impl From<Name> for ShellSignal {
    fn from(name: Name) -> Self {
        match name {
            Name::Hup => Self::Hup,
            Name::Int => Self::Int,
            Name::Term => Self::Term,
            Name::Kill => Self::Kill,
        }
    }
}

pub(super) fn signal(ui: &Ui, arguments: &Arguments) -> Outcome {
    let Arguments { workspace, shell, signal, json } = arguments;
    let status = work(ui, workspace, async |workspace, _| {
        Ok(workspace.shell_signal(shell, (*signal).into()).await?)
    })?;
    if *json {
        ui.json(&status)?;
    }
    Ok(ExitCode::SUCCESS)
}
