//! The history of a workspace: every command since its creation or last reset.

use super::exec_read::text_of;
use super::find::{find, record_of};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::journal::{self, Command, Fate, Stdio};
use crate::store::Item;
use crate::vm::run::OutputLimits;
use serde::Serialize;

/// A workspace's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Logs {
    /// Which workspace.
    pub workspace_id: String,
    /// How many commands.
    pub count: usize,
    /// The oldest first.
    pub entries: Vec<LogEntry>,
}

/// A command of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogEntry {
    /// Counts the workspace's commands.
    pub sequence: u64,
    /// How its whole output is asked for.
    pub exec_id: String,
    /// What ran.
    pub command: String,
    /// Where it began.
    pub cwd: String,
    /// As a shell reports it; none while it runs.
    pub exit_code: Option<i32>,
    /// None while it runs.
    pub duration_ms: Option<u64>,
    /// How the agent is reached.
    pub execution_mode: String,
    /// Where there is too much the middle is left out.
    pub stdout: String,
    /// As `stdout`.
    pub stderr: String,
    /// When it began, Unix seconds.
    pub recorded_at: u64,
    /// Why it has no exit code of its own: it could not be started, or the machine ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The history of the workspace with this id, name, or beginning of either, in any state.
///
/// # Errors
/// If there is no such workspace, or its history cannot be read.
pub async fn logs(
    config: &Config,
    wanted: &str,
    limits: OutputLimits,
    observer: Observer<'_>,
) -> Result<Logs> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let execution_mode = record_of(&item)?.facts.execution_mode;
    let commands = journal::read(item.path())?.commands;
    let entries = commands
        .into_iter()
        .map(|command| entry(&item, command, &execution_mode, limits))
        .collect::<Result<Vec<_>>>()?;
    Ok(Logs { workspace_id: item.id().to_owned(), count: entries.len(), entries })
}

fn entry(
    item: &Item,
    command: Command,
    execution_mode: &str,
    limits: OutputLimits,
) -> Result<LogEntry> {
    let Command { begun, ended } = command;
    let text = |stream, total| text_of(item.path(), &begun.exec_id, stream, total, limits);
    let totals = ended.as_ref().map_or((0, 0), |ended| (ended.stdout_bytes, ended.stderr_bytes));
    Ok(LogEntry {
        stdout: text(Stdio::Out, totals.0)?.text,
        stderr: text(Stdio::Err, totals.1)?.text,
        sequence: begun.sequence,
        exec_id: begun.exec_id,
        command: begun.command,
        cwd: begun.cwd,
        exit_code: ended.as_ref().map(|ended| ended.fate.exit_code()),
        duration_ms: ended.as_ref().map(|ended| ended.duration_ms),
        execution_mode: execution_mode.to_owned(),
        recorded_at: begun.began_at,
        failure: ended.and_then(|ended| match ended.fate {
            Fate::Refused { why } | Fate::Lost { why } => Some(why),
            Fate::Exited { .. } | Fate::Stopped => None,
        }),
    })
}
