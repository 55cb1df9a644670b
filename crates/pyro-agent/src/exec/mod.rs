//! Runs one command: starts it, carries its output, obeys the host's words about it, and ends it with
//! everything it started when it has to end.
//!
//! What a command leaves in the background stays, as with a login shell, and never delays the
//! answer: once the command itself has ended, only what is in its pipes already is sent. A service leaves
//! nothing.

mod account;
mod control;
mod environment;
mod output;
mod start;

pub(crate) use account::Account;
pub(crate) use control::Input;
pub(crate) use environment::environment;
pub(crate) use start::{account, pid, working_directory};

use crate::agent::Agent;
use crate::disk::Disk;
use crate::scope::Scope;
use pyro_proto::Refusal;
use pyro_proto::mux::{Receiver, Sender, Stream};
use pyro_proto::request::{Exec, ExecExit, ExecStarted};
use rustix::process::WaitStatus;
use start::Started;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a shell's exit code is on top of a signal's number.
const SIGNAL_BASE: i32 = 128;
/// The exit code of a command that ran out of time, as `timeout(1)` has it.
const TIMED_OUT: i32 = 124;

/// Runs `request` over `stream`.
pub(crate) async fn run(agent: &Agent, request: &Exec, stream: Stream) {
    let (sender, receiver) = stream.split();
    match start::start(agent, request) {
        Ok(started) => {
            let terms = Terms {
                limit: request.timeout_ms.map(Duration::from_millis),
                disk: request.sync.then_some(&agent.disk),
                is_service: request.service,
            };
            supervise(started, terms, sender, receiver).await;
        }
        Err(refusal) => sender.reset(&refusal),
    }
}

/// What the host wants of a command beside its output.
struct Terms<'a> {
    /// How long it may take.
    limit: Option<Duration>,
    /// Where everything is written before its end is told.
    disk: Option<&'a Arc<Disk>>,
    /// Whether its start is told, and nothing of it outlives it.
    is_service: bool,
}

/// Stays with the command until it has ended, and says how.
async fn supervise(
    started: Started<'_>,
    Terms { limit, disk, is_service }: Terms<'_>,
    mut sender: Sender,
    mut receiver: Receiver,
) {
    let Started { scope, group, stdin, outputs, exit, begun } = started;
    if is_service {
        let started = ExecStarted { pid: group.as_raw_pid() };
        if sender.message(&started).await.is_err() {
            return scope.kill().await;
        }
    }
    let carried = output::carry(&mut sender, outputs, exit);
    let cancelled = control::obey(&mut receiver, stdin, group, &scope);
    match until_exit(&scope, limit, carried, cancelled).await {
        Some((status, timed_out)) => {
            if is_service {
                scope.kill().await;
            }
            let exit = exit_of(status, timed_out, begun);
            match synced(disk).await {
                Ok(()) => answer(&mut sender, &exit).await,
                Err(refusal) => sender.reset(&refusal),
            }
        }
        None => scope.kill().await,
    }
}

/// How the command ended and whether its time had run out; none if the host gave it up.
async fn until_exit(
    scope: &Scope<'_>,
    limit: Option<Duration>,
    carried: impl Future<Output = Result<WaitStatus, Refusal>>,
    cancelled: impl Future<Output = Refusal>,
) -> Option<(WaitStatus, bool)> {
    let (mut carried, mut cancelled) = (pin!(carried), pin!(cancelled));
    let mut expired = pin!(expiry(limit));
    let mut timed_out = false;
    loop {
        tokio::select! {
            status = &mut carried => return Some((status.ok()?, timed_out)),
            _ = &mut cancelled => return None,
            () = &mut expired, if !timed_out => {
                timed_out = true;
                scope.kill().await;
            }
        }
    }
}

async fn synced(disk: Option<&Arc<Disk>>) -> Result<(), Refusal> {
    match disk {
        Some(disk) => disk.synced().await,
        None => Ok(()),
    }
}

async fn expiry(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

async fn answer(sender: &mut Sender, exit: &ExecExit) {
    if sender.message(exit).await.is_ok() {
        // a host that is gone needs no answer
        let _ = sender.finish().await;
    }
}

pub(crate) fn exit_of(status: WaitStatus, timed_out: bool, begun: Instant) -> ExecExit {
    let signal = status.terminating_signal();
    let own = status.exit_status().unwrap_or_else(|| SIGNAL_BASE + signal.unwrap_or(0));
    ExecExit {
        code: if timed_out { TIMED_OUT } else { own },
        signal,
        timed_out,
        duration_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
    }
}
