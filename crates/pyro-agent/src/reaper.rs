//! Waits for every child and every orphan, and tells whoever started it how it ended. The only place
//! that calls `wait`: two waiters would steal from each other.

use crate::agent::Agent;
use rustix::process::{Pid, WaitOptions, WaitStatus};
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Who waits for which process.
#[derive(Debug, Default)]
pub(crate) struct Reaper {
    expected: Mutex<HashMap<Pid, oneshot::Sender<WaitStatus>>>,
}

impl Reaper {
    /// How `pid` will have ended. To be called before anything else may reap, which on the
    /// agent's one thread means: without an `await` after the process was started.
    pub(crate) fn expect(&self, pid: Pid) -> oneshot::Receiver<WaitStatus> {
        let (tell, told) = oneshot::channel();
        self.expected().insert(pid, tell);
        told
    }

    fn expected(&self) -> MutexGuard<'_, HashMap<Pid, oneshot::Sender<WaitStatus>>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Collects whoever has ended by now.
    fn reap(&self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if let Some(tell) = self.expected().remove(&pid) {
                // whoever asked may have lost interest
                let _ = tell.send(status);
            }
        }
    }
}

/// Notices children that end. To be made before the first child is.
pub(crate) fn watch() -> io::Result<Signal> {
    signal(SignalKind::child())
}

/// Reaps for as long as the agent lives.
pub(crate) async fn run(agent: Arc<Agent>, mut children: Signal) {
    loop {
        agent.reaper.reap();
        agent.scopes.sweep();
        if children.recv().await.is_none() {
            return;
        }
    }
}
