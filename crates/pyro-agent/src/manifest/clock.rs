//! The clock that files get their times from: it only moves with the kernel's ticks (`current_time` in
//! `fs/inode.c`), so two changes within one tick have the same ctime.

use crate::files::describe::nanoseconds;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A tenth of the longest tick that a kernel is built with (`CONFIG_HZ=100`).
const PAUSE: Duration = Duration::from_millis(1);

/// Waits for the next tick; returns its time. Every change before has an earlier ctime.
pub(super) fn next_tick() -> i64 {
    let before = now();
    loop {
        std::thread::sleep(PAUSE);
        let now = now();
        if now != before {
            return now;
        }
    }
}

fn now() -> i64 {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    nanoseconds(now.tv_sec, u64::try_from(now.tv_nsec).unwrap_or(0))
}
