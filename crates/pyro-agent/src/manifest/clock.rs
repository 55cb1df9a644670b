//! The clock that files get their times from: it only moves with the kernel's ticks (`current_time` in
//! `fs/inode.c`), so two changes within one tick have the same ctime. Since Linux 6.13 some changes get
//! the exact time instead, which is up to two ticks ahead of that clock.

use crate::files::describe::nanoseconds;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// A tenth of the longest tick that a kernel is built with (`CONFIG_HZ=100`).
const PAUSE: Duration = Duration::from_millis(1);

/// Waits for a tick that is later than now; returns its time. Every change before has an earlier ctime.
pub(super) fn next_tick() -> i64 {
    let before = now(ClockId::Realtime);
    loop {
        std::thread::sleep(PAUSE);
        let tick = now(ClockId::RealtimeCoarse);
        // a clock that was set back meanwhile would never get there
        if tick > before || now(ClockId::Realtime) < before {
            return tick;
        }
    }
}

fn now(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    nanoseconds(now.tv_sec, u64::try_from(now.tv_nsec).unwrap_or(0))
}
