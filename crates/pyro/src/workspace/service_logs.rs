//! Reads what a service of a workspace wrote, while it runs or later, in the order in which it wrote it.

use super::find::find;
use super::machine_of;
use super::service::{ServiceStatus, named};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::journal::{Part, Stdio, read_output};
use crate::service::{self, LOG, text_of};
use crate::shim::attach;
use crate::store::Item;
use serde::Serialize;
use std::time::Duration;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogsRead {
    /// Where to begin.
    pub from: Beginning,
    /// How many bytes at most, behind a cursor.
    pub max_bytes: usize,
    /// How long to wait for something new behind a cursor, from a service that runs.
    pub wait: Duration,
}

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// So many lines before the end; at most 1 MiB.
    LastLines(usize),
    /// So many bytes behind the beginning: 0, or where the last reading ended.
    Cursor(u64),
}

/// A part of what a service wrote since it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLogs {
    /// How it stands.
    pub status: ServiceStatus,
    /// Bytes of its streams, in their order.
    pub parts: Vec<Part>,
    /// Where to read on.
    pub next_cursor: u64,
    /// How many bytes there are in all, so far.
    pub total_bytes: u64,
    /// Whether something before or between the parts is left out, or no longer kept.
    pub truncated: bool,
}

/// The same as one object.
#[derive(Debug, Serialize)]
pub struct LogsObject<'l> {
    #[serde(flatten)]
    status: &'l ServiceStatus,
    /// What it wrote, its end or all that is kept. Bytes that are not UTF-8 are replaced by U+FFFD.
    stdout: String,
    /// As `stdout`.
    stderr: String,
    /// How many lines were asked for; none where all were.
    tail_lines: Option<usize>,
    /// Whether something before them is left out.
    truncated: bool,
}

impl ServiceLogs {
    /// As one object, after `tail_lines` were asked for, or all.
    #[must_use]
    pub fn object(&self, tail_lines: Option<usize>) -> LogsObject<'_> {
        LogsObject {
            status: &self.status,
            stdout: text_of(&self.parts, Stdio::Out),
            stderr: text_of(&self.parts, Stdio::Err),
            tail_lines,
            truncated: self.truncated,
        }
    }
}

/// Reads what a service wrote in the workspace with this id, name, or beginning of either, in any state of it.
///
/// # Errors
/// If there is no such workspace or service.
pub async fn service_logs(
    config: &Config,
    wanted: &str,
    name: &str,
    read: &LogsRead,
    observer: Observer<'_>,
) -> Result<ServiceLogs> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let (status, totals) = how_far(config, &item, name, read).await?;
    let home = service::directory(item.path(), name);
    let total_bytes = totals[0] + totals[1];
    Ok(match read.from {
        Beginning::LastLines(lines) => {
            let service::Tail { parts, next, truncated } = service::tail(&home, totals, lines)?;
            ServiceLogs { status, parts, next_cursor: next, total_bytes, truncated }
        }
        Beginning::Cursor(cursor) => {
            let output = read_output(&home, LOG, totals, cursor, read.max_bytes)?;
            let truncated = output.lost > 0 || output.next < total_bytes;
            let next_cursor = output.next;
            ServiceLogs { status, parts: output.parts, next_cursor, total_bytes, truncated }
        }
    })
}

/// How much the service has written, after waiting for something new where that was asked.
async fn how_far(
    config: &Config,
    item: &Item,
    name: &str,
    read: &LogsRead,
) -> Result<(ServiceStatus, [u64; 2])> {
    let status = named(config, item, name)?;
    let (beyond, wait) = match read.from {
        Beginning::LastLines(_) => (0, Duration::ZERO),
        Beginning::Cursor(cursor) => (cursor, read.wait),
    };
    if status.service.state.is_alive()
        && let Some(shim) = attach(&machine_of(config, item)).await?
        && let Ok(progress) = shim.service_progress(name, beyond, wait).await
        && progress.running
    {
        return Ok((named(config, item, name)?, [progress.stdout_bytes, progress.stderr_bytes]));
    }
    // it has ended, perhaps this very moment
    let status = named(config, item, name)?;
    let totals = [status.service.stdout_bytes, status.service.stderr_bytes];
    Ok((status, totals))
}
