//! `pyro workspace exec-stop`: the end of a command, not of its workspace.

use super::call::call;
use super::exec_read::end;
use crate::failure::Outcome;
use crate::ui::Ui;
use std::process::ExitCode;

/// End a command of a workspace, and all it started
///
/// It is asked with SIGTERM, and ended by force two seconds later. The workspace goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  pyro workspace exec-stop ws-0a1b2c3d4e5f.3
  pyro workspace exec-stop ws-0a1b2c3d4e5f.3 --json")]
pub(crate) struct Arguments {
    /// The command, as `exec --detach` and `logs` name it
    #[arg(value_name = "EXEC_ID")]
    exec_id: String,
    /// Print one JSON document
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn exec_stop(ui: &Ui, arguments: &Arguments) -> Outcome {
    let stopped = call(ui, async |config, observer| {
        let exec_id = &arguments.exec_id;
        Ok(pyro::workspace::exec_stop::exec_stop(config, exec_id, observer).await?)
    })?;
    if arguments.json {
        ui.json(&stopped.object(stopped.total_bytes))?;
    } else {
        ui.data(&format!("{}\n", end(&stopped)))?;
    }
    Ok(ExitCode::SUCCESS)
}
