//! Signs of life during a call: hosts that asked for them extend their patience, and people see
//! what is going on.

use pyro::event::{Event, Unit};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two notifications.
const BEAT: Duration = Duration::from_secs(2);

/// What is going on right now, as a phrase.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phrase(Arc<Mutex<String>>);

impl Phrase {
    pub(crate) fn set(&self, text: impl Into<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
    }

    pub(crate) fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows the library's events.
    pub(crate) fn follow(&self, event: &Event) {
        match event {
            Event::Started { what } => self.set(what.clone()),
            Event::Advanced { what, done, total, unit } => {
                self.set(format!("{what}: {}", position(*done, *total, *unit)));
            }
            Event::Finished { what, .. } => self.set(format!("{what}: done")),
            _ => {}
        }
    }
}

fn position(done: u64, total: Option<u64>, unit: Unit) -> String {
    const MIB: u64 = 1 << 20;
    match (unit, total) {
        (Unit::Percent, _) => format!("{done} %"),
        (Unit::Bytes, None) => format!("{} MiB", done / MIB),
        (Unit::Bytes, Some(total)) => format!("{} of {} MiB", done / MIB, total / MIB),
        (Unit::Items, None) => done.to_string(),
        (Unit::Items, Some(total)) => format!("{done} of {total}"),
    }
}

/// Sends the phrase every two seconds for as long as it is polled; never ends. Silent where the
/// client gave no token.
pub(crate) async fn heartbeat(
    peer: &Peer<RoleServer>,
    token: Option<ProgressToken>,
    phrase: &Phrase,
) {
    let Some(token) = token else { return std::future::pending().await };
    let mut beats = 0.0;
    loop {
        tokio::time::sleep(BEAT).await;
        // Progress must grow from one notification to the next; its unit is ours to choose.
        beats += 1.0;
        let progress =
            ProgressNotificationParam::new(token.clone(), beats).with_message(phrase.get());
        // A client that is gone is noticed at stdin.
        let _ = peer.notify_progress(progress).await;
    }
}
