//! How long a workspace has been idle. Whoever works holds a [`Busy`]; time counts only while nobody does.
//! It goes by the monotonic clock, so neither a changed wall clock nor a sleeping host ends anything.

use crate::clock::now;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The activity of one workspace.
#[derive(Debug)]
pub(super) struct Activity {
    busy: Cell<usize>,
    last: Cell<Instant>,
    ttl: Cell<Duration>,
    changed: Notify,
}

/// Proof that somebody works.
#[derive(Debug)]
pub(super) struct Busy(Rc<Activity>);

impl Activity {
    /// Begins now.
    pub(super) fn new(ttl: Duration) -> Rc<Self> {
        let (busy, last, ttl) = (Cell::new(0), Cell::new(Instant::now()), Cell::new(ttl));
        Rc::new(Self { busy, last, ttl, changed: Notify::new() })
    }

    /// Begins a work.
    pub(super) fn work(self: &Rc<Self>) -> Busy {
        self.busy.set(self.busy.get() + 1);
        Busy(self.clone())
    }

    /// From now on so long an idleness is too long.
    pub(super) fn set_ttl(&self, ttl: Duration) {
        self.ttl.set(ttl);
        self.changed.notify_one();
    }

    /// Waits until it has been idle for too long.
    pub(super) async fn idle_too_long(&self) {
        loop {
            let Some(end) = self.end().filter(|_| self.busy.get() == 0) else {
                self.changed.notified().await;
                continue;
            };
            if Instant::now() >= end {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep_until(end) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// When it was last used, Unix seconds.
    pub(super) fn last_at(&self) -> u64 {
        let ago = if self.busy.get() > 0 { Duration::ZERO } else { self.last.get().elapsed() };
        now().saturating_sub(ago.as_secs())
    }

    /// When it ends if nobody uses it from now on, Unix seconds.
    pub(super) fn expires_at(&self) -> u64 {
        self.last_at().saturating_add(self.ttl.get().as_secs())
    }

    /// None where that is beyond what the clock can say.
    fn end(&self) -> Option<Instant> {
        self.last.get().checked_add(self.ttl.get())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
        self.0.last.set(Instant::now());
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn idleness_counts_from_the_last_work_and_never_during_one() {
        let activity = Activity::new(Duration::from_secs(10));
        let begun = Instant::now();
        let work = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let long = activity.work();
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(activity.work());
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(long);
        };
        tokio::join!(activity.idle_too_long(), work);
        assert_eq!(begun.elapsed().as_secs(), 5 + 60 + 1 + 10);
    }

    #[tokio::test(start_paused = true)]
    async fn another_time_to_live_counts_at_once() {
        let activity = Activity::new(Duration::from_secs(1000));
        let begun = Instant::now();
        let shorten = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            activity.set_ttl(Duration::from_secs(8));
        };
        tokio::join!(activity.idle_too_long(), shorten);
        assert_eq!(begun.elapsed().as_secs(), 8);
        let forever = Activity::new(Duration::MAX);
        let waiting = tokio::time::timeout(Duration::from_secs(1 << 30), forever.idle_too_long());
        assert!(waiting.await.is_err());
    }
}
