//! Reads what a command of a workspace wrote, while it runs or later, in the order in which it wrote it.

use super::exec::ExecState;
use super::find::find;
use super::sweep::sweep;
use super::{WorkspaceError, machine_of};
use crate::clock::now;
use crate::config::Config;
use crate::error::{PathError, Result};
use crate::event::Observer;
use crate::journal::{
    self, Command, Ended, Fate, Part, Stdio, read_output, read_spool, spool_path,
};
use crate::network::{RefusedConnection, log};
use crate::service;
use crate::shim::attach;
use crate::store::Item;
use crate::vm::capture::{Capture, Captured};
use crate::vm::run::OutputLimits;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecRead {
    /// Which command.
    pub exec_id: String,
    /// Where to begin: 0, or where the last reading ended. Counts the bytes of both streams.
    pub cursor: u64,
    /// How many bytes at most.
    pub max_bytes: usize,
    /// How long to wait for something new from a command that runs.
    pub wait: Duration,
}

/// A part of what a command wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecOutput {
    /// In which workspace.
    pub workspace_id: String,
    /// Which command.
    pub exec_id: String,
    /// What runs, or ran.
    pub command: String,
    /// Whether it runs still.
    pub state: ExecState,
    /// None while it runs.
    pub exit_code: Option<i32>,
    /// Why it failed, where it is not the command that did.
    pub why: Option<String>,
    /// Connections that the network policy refused while it ran, to the second.
    pub refused_connections: Vec<RefusedConnection>,
    /// Bytes of its streams, in their order.
    pub parts: Vec<Part>,
    /// Where to read on.
    pub next_cursor: u64,
    /// How many bytes there are in all, so far.
    pub total_bytes: u64,
    /// How many bytes before or between the parts are no longer kept.
    pub lost_bytes: u64,
}

/// The same as one object.
#[derive(Debug, Serialize)]
pub struct OutputObject<'o> {
    /// The workspace.
    workspace_id: &'o str,
    /// The command.
    exec_id: &'o str,
    /// What was run.
    command: &'o str,
    /// Whether it runs.
    state: ExecState,
    /// Its exit code, once it has ended.
    exit_code: Option<i32>,
    /// Why it has none, where it ended otherwise.
    why: Option<&'o str>,
    /// What it wrote from the cursor on. Bytes that are not UTF-8 are replaced by U+FFFD.
    stdout: String,
    /// As `stdout`.
    stderr: String,
    /// Where this begins in all that it wrote, in bytes of both streams.
    cursor: u64,
    /// Where to go on.
    next_cursor: u64,
    /// How much it has written so far.
    total_bytes: u64,
    /// How much of what was asked for is no longer kept.
    lost_bytes: u64,
}

impl ExecOutput {
    /// As one object, of a reading that began at `cursor`.
    #[must_use]
    pub fn object(&self, cursor: u64) -> OutputObject<'_> {
        OutputObject {
            workspace_id: &self.workspace_id,
            exec_id: &self.exec_id,
            command: &self.command,
            state: self.state,
            exit_code: self.exit_code,
            why: self.why.as_deref(),
            stdout: service::text_of(&self.parts, Stdio::Out),
            stderr: service::text_of(&self.parts, Stdio::Err),
            cursor,
            next_cursor: self.next_cursor.min(self.total_bytes),
            total_bytes: self.total_bytes,
            lost_bytes: self.lost_bytes,
        }
    }
}

/// Reads the output of a command of any workspace, in any state.
///
/// # Errors
/// If there is no such command.
pub async fn exec_read(
    config: &Config,
    read: &ExecRead,
    observer: Observer<'_>,
) -> Result<ExecOutput> {
    sweep(config, observer);
    let (item, command) = find_command(config, &read.exec_id)?;
    let (command, totals) = how_far(config, &item, command, read).await?;
    let ExecRead { exec_id, cursor, max_bytes, .. } = read;
    let output = read_output(item.path(), exec_id, totals, *cursor, *max_bytes)?;
    let end = command.ended.as_ref().map_or(u64::MAX, |ended| ended.ended_at * 1000 + 999);
    let refused_connections = log::refused(item.path(), command.begun.began_at * 1000..=end);
    let fate = command.ended.map(|ended| ended.fate);
    Ok(ExecOutput {
        workspace_id: item.id().to_owned(),
        exec_id: exec_id.clone(),
        command: command.begun.command,
        state: ExecState::of(fate.as_ref()),
        exit_code: fate.as_ref().map(Fate::exit_code),
        why: fate.and_then(|fate| match fate {
            Fate::Refused { why } | Fate::Lost { why } => Some(why),
            Fate::Exited { .. } | Fate::Stopped => None,
        }),
        refused_connections,
        parts: output.parts,
        next_cursor: output.next,
        total_bytes: totals[0] + totals[1],
        lost_bytes: output.lost,
    })
}

/// The workspace and the record of a command. Its id begins with that of its workspace.
pub(super) fn find_command(config: &Config, exec_id: &str) -> Result<(Item, Command)> {
    let unknown = || WorkspaceError::NoCommand(exec_id.to_owned());
    let (workspace_id, _) = exec_id.rsplit_once('.').ok_or_else(unknown)?;
    let item = find(config, workspace_id)?;
    let command = journal::read(item.path())?.command(exec_id).cloned().ok_or_else(unknown)?;
    Ok((item, command))
}

/// How much the command has written, after waiting for something new where it runs.
async fn how_far(
    config: &Config,
    item: &Item,
    command: Command,
    read: &ExecRead,
) -> Result<(Command, [u64; 2])> {
    if command.ended.is_none()
        && let Some(shim) = attach(&machine_of(config, item)).await?
        && let Ok(progress) = shim.progress(&read.exec_id, read.cursor, read.wait).await
        && progress.running
    {
        return Ok((command, [progress.stdout_bytes, progress.stderr_bytes]));
    }
    // it has ended, perhaps this very moment
    let mut command =
        journal::read(item.path())?.command(&read.exec_id).cloned().unwrap_or(command);
    let ended = command.ended.get_or_insert_with(|| lost(item, &read.exec_id));
    let totals = [ended.stdout_bytes, ended.stderr_bytes];
    Ok((command, totals))
}

/// The end of a command whose shim was killed before it could write it down: what is in the files is what
/// is known. The next shim writes the same.
fn lost(item: &Item, exec_id: &str) -> Ended {
    let [stdout_bytes, stderr_bytes] = journal::kept(item.path(), exec_id);
    Ended {
        exec_id: exec_id.to_owned(),
        fate: Fate::Lost { why: "the process that kept its machine was killed".into() },
        duration_ms: 0,
        stdout_bytes,
        stderr_bytes,
        ended_at: now(),
    }
}

/// The beginning and the end of what a command wrote to one stream.
pub(super) fn text_of(
    workspace: &Path,
    exec_id: &str,
    stream: Stdio,
    total: u64,
    limits: OutputLimits,
) -> Result<Captured, PathError> {
    let path = spool_path(workspace, exec_id, stream);
    let limit = limits.max_bytes_each;
    let read = |from, max| match read_spool(&path, total, from, max) {
        // the oldest output goes first where there is too much
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        piece => piece.map(|piece| piece.bytes),
    };
    if total <= limit as u64 {
        return Ok(Capture::of(read(0, limit)?, Vec::new(), total).finish());
    }
    let half = limit / 2;
    let tail = read(total - half as u64, half)?;
    Ok(Capture::of(read(0, half)?, tail, total).finish())
}
