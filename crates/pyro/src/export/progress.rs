//! How far an export is, and whether anybody wants it still: what its thread and whoever waits share.

use super::ExportError;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::watch;

/// Whoever waits hears of it once per so many bytes.
const STEP: u64 = 4 << 20;

/// It.
#[derive(Debug, Default)]
pub(super) struct Progress {
    bytes: watch::Sender<u64>,
    unwanted: AtomicBool,
}

impl Progress {
    /// Bytes of content so far, as they become many more.
    pub(super) fn bytes(&self) -> watch::Receiver<u64> {
        self.bytes.subscribe()
    }

    /// Nobody wants it any more.
    pub(super) fn give_up(&self) {
        self.unwanted.store(true, Relaxed);
    }

    pub(super) fn advance(&self, bytes: u64) -> Result<(), ExportError> {
        self.bytes.send_if_modified(|done| {
            let before = *done;
            *done += bytes;
            before / STEP != *done / STEP
        });
        self.is_wanted()
    }

    pub(super) fn is_wanted(&self) -> Result<(), ExportError> {
        if self.unwanted.load(Relaxed) { Err(ExportError::Stopped) } else { Ok(()) }
    }
}
