//! Why a machine ends.

use super::note::EndNote;
use crate::clock::now;

/// What ends a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The VMM or the agent is gone.
    Machine,
    /// The connection that its life hung on is.
    Abandoned,
    /// Somebody asked for it.
    Asked,
    /// Somebody asked for it, and for the disk to be brought into order.
    AskedGently,
    /// Its time is over.
    Expired,
    /// The shim was told to end.
    Terminated,
    /// The shim cannot take connections any more.
    Unreachable,
}

/// A cause, and the words for it.
#[derive(Debug)]
pub(super) struct End {
    cause: Cause,
    pub(super) why: String,
}

impl End {
    pub(super) fn new(cause: Cause, why: impl Into<String>) -> Self {
        Self { cause, why: why.into() }
    }

    /// Whether there is time to let the guest bring its disk into order.
    pub(super) fn is_gentle(&self) -> bool {
        matches!(self.cause, Cause::AskedGently | Cause::Expired | Cause::Terminated)
    }

    pub(super) fn note(&self, last_activity_at: u64) -> EndNote {
        EndNote {
            expired: self.cause == Cause::Expired,
            asked: matches!(self.cause, Cause::Asked | Cause::AskedGently),
            why: self.why.clone(),
            ended_at: now(),
            last_activity_at,
        }
    }
}
