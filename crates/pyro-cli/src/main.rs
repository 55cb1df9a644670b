//! The `pyro` executable: the command line, and, under hidden first arguments, every other process
//! that pyro needs (see [`roles`]). This file reads the command line and turns the outcome into an
//! exit code; it knows no command.

mod ca_bundle;
mod commands;
mod failure;
mod hosts;
mod interrupt;
#[cfg(test)]
mod reference;
mod relay;
mod roles;
mod settings;
mod ui;
mod words;

use clap::Parser;
use clap::error::ErrorKind;
use commands::{Cli, Command};
use failure::Outcome;
use std::ffi::OsString;
use std::future::Future;
use std::process::ExitCode;
use ui::Ui;

fn main() -> ExitCode {
    if let Some(code) = roles::play() {
        return code;
    }
    let words: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&words) {
        Ok(cli) => finish(&cli.command, &Ui::detect()),
        Err(error) => explain(&error, &words),
    }
}

/// Runs the command, shows what went wrong, and gives the exit code.
fn finish(command: &Command, ui: &Ui) -> ExitCode {
    match command.run(ui) {
        Ok(code) => code,
        Err(failure) => {
            if let Some(report) = failure.report() {
                ui.failure(&report, command.wants_json());
            }
            failure.exit_code(command.exits_like_its_command())
        }
    }
}

/// A command line that cannot be read, or that asks for help or the version.
fn explain(error: &clap::Error, words: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(failure::BROKEN_PIPE),
        };
    }
    if commands::ask_for_json(words) {
        Ui::detect().failure(&failure::usage_report(error), true);
    } else {
        // Nobody is left to tell when stderr is closed.
        let _ = error.print();
    }
    ExitCode::from(commands::usage_failure(words))
}

/// Runs `work` on a runtime of one thread. A thread that is stuck in a read of stdin does not keep
/// the process alive.
fn block_on<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}
