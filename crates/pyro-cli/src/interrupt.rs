//! Ctrl-C and the polite signals, as something to wait for. Who waits decides what they mean.

use crate::failure::{Interrupted, Outcome};
use std::future::Future;
use tokio::signal::unix::{Signal, SignalKind, signal};

const SIGINT: Interrupted = Interrupted { name: "SIGINT", number: 2 };
const SIGTERM: Interrupted = Interrupted { name: "SIGTERM", number: 15 };
const SIGHUP: Interrupted = Interrupted { name: "SIGHUP", number: 1 };

/// SIGINT, SIGTERM and SIGHUP of this process, from now on no longer deadly.
#[derive(Debug)]
pub(crate) struct Interrupts {
    int: Signal,
    term: Signal,
    hup: Signal,
}

impl Interrupts {
    /// Starts to listen.
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            int: signal(SignalKind::interrupt())?,
            term: signal(SignalKind::terminate())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// The next of them. Nothing is lost when this future is dropped.
    pub(crate) async fn next(&mut self) -> Interrupted {
        tokio::select! {
            _ = self.int.recv() => SIGINT,
            _ = self.term.recv() => SIGTERM,
            _ = self.hup.recv() => SIGHUP,
        }
    }

    /// Does `work` unless one of them comes first; `work` is dropped then.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Outcome<T> {
        tokio::select! {
            value = work => Ok(value),
            interrupted = self.next() => Err(interrupted.into()),
        }
    }
}
