//! How much memory the shim and this process used at most while a guest misbehaved.

use crate::host::processes::{self, own_memory};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The most that a shim may ever have resident, in KiB: code and data of a debug build included.
const SHIM: u64 = 40 << 10;
/// The most that this process may grow by, in KiB.
const GROWTH: u64 = 16 << 10;

/// A watch over the shim's `VmHWM`, which is gone with the shim.
pub(crate) struct Peak {
    before: u64,
    begun: Instant,
    shim: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    watching: Option<JoinHandle<()>>,
}

impl Peak {
    pub(crate) fn watch() -> Self {
        processes::forget_own_peak();
        let (shim, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (highest, stopped) = (shim.clone(), stop.clone());
        let watching = std::thread::spawn(move || {
            let mut process = None;
            while !stopped.load(Ordering::Relaxed) {
                process = process.or_else(processes::shim);
                let peak = process.as_ref().and_then(|shim| shim.memory("VmHWM"));
                highest.fetch_max(peak.unwrap_or(0), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self {
            before: own_memory("VmRSS"),
            begun: Instant::now(),
            shim,
            stop,
            watching: Some(watching),
        }
    }

    pub(crate) fn assert_flat(self) {
        self.assert_flat_but_for(0);
    }

    /// `own` is what the test itself allocated, in KiB.
    pub(crate) fn assert_flat_but_for(mut self, own: u64) {
        self.stop.store(true, Ordering::Relaxed);
        self.watching.take().unwrap().join().unwrap();
        let (shim, peak) = (self.shim.load(Ordering::Relaxed), own_memory("VmHWM"));
        let growth = peak.saturating_sub(self.before);
        // one that lived shorter may have been missed
        assert!(shim > 0 || self.begun.elapsed() < Duration::from_millis(700), "no shim was seen");
        println!("the shim had {shim} KiB, this process grew by {growth} KiB");
        assert!(shim < SHIM, "the shim had {shim} KiB");
        assert!(growth < GROWTH + own, "this process grew by {growth} KiB");
    }
}
