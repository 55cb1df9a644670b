//! `pyro workspace exec`: a command in a workspace, its streams joined to ours. The command belongs to the
//! workspace, so whatever ends us without a word leaves it running.

use super::call::{call, tell_of_expiry};
use crate::block_on;
use crate::commands::network::tell_of_refusals;
use crate::commands::run::exit_code;
use crate::failure::{BROKEN_PIPE, Interrupted, Outcome};
use crate::interrupt::Interrupts;
use crate::relay::{End, relay};
use crate::ui::{Ui, seconds};
use crate::{settings, words};
use pyro::Config;
use pyro::vm::ExecExit;
use pyro::vm::run::OutputLimits;
use pyro::workspace::Workspace;
use pyro::workspace::exec::{ExecReport, ExecRequest, Following};
use pyro::workspace::exec_stop::exec_stop;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

/// Run a command in a workspace, in /workspace
///
/// The command's output is passed on as it comes, byte for byte. Where standard input is a pipe or
/// a file, the command reads it. Ctrl-C interrupts the command; a second one within 5 seconds ends
/// it. The workspace goes on. The exit code is the command's own; pyro's failures exit with 125.
///
/// What the command wrote to disk is there when this returns, whatever happens to the machine. If pyro
/// itself is killed the command goes on, and `exec-read` shows what it writes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace exec fix-42 -- make test
  pyro workspace exec fix-42 --timeout-seconds 600 -- sh -c 'cargo build && cargo test'
  pyro workspace exec fix-42 --secret-env TOKEN=GH_TOKEN -- gh pr list
  tar c . | pyro workspace exec fix-42 -- tar x
  id=$(pyro workspace exec fix-42 --detach --timeout-seconds 3600 -- make all)")]
pub(crate) struct Arguments {
    /// The workspace: its id, its name, or the beginning of either
    #[arg(value_name = "ID")]
    workspace: String,
    /// Kill the command after so many seconds; it then exits with 124
    #[arg(long, default_value_t = 30, value_name = "N")]
    timeout_seconds: u64,
    /// Put a secret of the workspace into the command's environment, under its own name or another;
    /// may be given more than once
    #[arg(long, value_name = "SECRET[=ENV_VAR]")]
    secret_env: Vec<String>,
    /// Start it, print its id for `exec-read` and `exec-stop`, and leave it running
    #[arg(long)]
    detach: bool,
    /// Print one JSON document instead of passing the streams on; standard input is not read
    #[arg(long)]
    pub(super) json: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

impl Arguments {
    /// Where it may be sent signals, the program takes the shell's place.
    fn request(&self) -> pyro::Result<ExecRequest> {
        let command = match self.json {
            true => words::quoted(&self.command),
            false => words::in_place_of_the_shell(&self.command),
        };
        let secret_env = super::secret_env(&self.secret_env)?;
        Ok(ExecRequest { command, timeout_seconds: self.timeout_seconds, secret_env })
    }
}

pub(super) fn exec(ui: &Ui, arguments: &Arguments) -> Outcome {
    if arguments.detach {
        return detach(ui, arguments);
    }
    let config = settings::config()?;
    block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let progress = ui.progress();
        let observer = |event| progress.observe(&event);
        let open = Workspace::open(&config, &arguments.workspace, &observer);
        let workspace = interrupts.or(open).await??;
        drop(progress);
        let code = if arguments.json {
            collect(ui, &config, &workspace, arguments, &mut interrupts).await?
        } else {
            stream(ui, &config, &workspace, arguments, &mut interrupts).await?
        };
        tell_of_expiry(ui, &workspace).await;
        Ok(code)
    })
}

/// Its id, or how it stands now.
fn detach(ui: &Ui, arguments: &Arguments) -> Outcome {
    let request = arguments.request()?;
    let begun = call(ui, async |config, observer| {
        let workspace = Workspace::open(config, &arguments.workspace, observer).await?;
        let limits = OutputLimits::default();
        Ok(workspace.exec_for(&request, Duration::ZERO, limits).await?)
    })?;
    if arguments.json {
        ui.json(&begun)?;
    } else {
        ui.data(&format!("{}\n", begun.exec_id))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One JSON document at the end. A signal ends the command, and the document says so.
async fn collect(
    ui: &Ui,
    config: &Config,
    workspace: &Workspace,
    arguments: &Arguments,
    interrupts: &mut Interrupts,
) -> Outcome {
    let mut pending = workspace.exec_begin(&arguments.request()?).await?;
    let exec_id = pending.exec_id.clone();
    let mut end = async || pending.wait_for(Duration::MAX, OutputLimits::default()).await;
    let interrupted = interrupts.or(end()).await;
    let report: ExecReport = if let Ok(report) = interrupted {
        report?
    } else {
        exec_stop(config, &exec_id, &pyro::event::ignore).await?;
        end().await?
    };
    ui.json(&report)?;
    // it has ended, and so has a code
    Ok(exit_code(report.exit_code.unwrap_or_default()))
}

/// Bytes as they come.
async fn stream(
    ui: &Ui,
    config: &Config,
    workspace: &Workspace,
    arguments: &Arguments,
    interrupts: &mut Interrupts,
) -> Outcome {
    let stdin = !std::io::stdin().is_terminal();
    let Following { exec_id, execution, began_at_ms } =
        workspace.exec(&arguments.request()?, stdin).await?;
    let end = relay(execution, interrupts).await;
    tell_of_refusals(ui, &workspace.refused_connections(began_at_ms));
    let code = match end {
        Ok(End::Exited(exit)) => return Ok(conclude(ui, arguments, &exec_id, exit)),
        Ok(End::Killed(Interrupted { number, .. })) => Ok(128 + number),
        Ok(End::OutputClosed) => Ok(BROKEN_PIPE),
        Err(failure) => Err(failure),
    };
    if let Err(error) = exec_stop(config, &exec_id, &pyro::event::ignore).await {
        ui.warning(&format!("the command {exec_id} could not be ended: {error}"));
    }
    Ok(ExitCode::from(code?))
}

/// What is left to say once the command has ended by itself.
fn conclude(ui: &Ui, arguments: &Arguments, exec_id: &str, exit: ExecExit) -> ExitCode {
    if exit.timed_out {
        let limit = arguments.timeout_seconds;
        ui.warning(&format!(
            "the command was killed after {limit} s; --timeout-seconds sets another limit"
        ));
    }
    let took = seconds(Duration::from_micros(exit.duration_us));
    ui.summary(&format!("{exec_id}: exit code {} after {took}", exit.code));
    exit_code(exit.code)
}
