//! How fast this host's time stamp counter runs. Under software emulation the guest sees the host's
//! counter, but has nothing to calibrate it with: without `tsc_early_khz=` boots hang at random.

use super::sys::time_stamp;
use crate::machine::remembered::remembered;
use std::path::Path;
use std::time::{Duration, Instant};

/// Long enough for some parts per million.
const MEASURE_FOR: Duration = Duration::from_millis(50);

/// Ticks per millisecond, measured once per boot of the host and remembered in `cache`.
pub(super) fn frequency_khz(cache: &Path) -> u64 {
    remembered(&cache.join("tsc.json"), "", measure)
}

fn measure() -> u64 {
    let (start, ticks) = (Instant::now(), time_stamp());
    std::thread::sleep(MEASURE_FOR);
    let (ticks, elapsed) = (time_stamp().wrapping_sub(ticks), start.elapsed());
    let nanoseconds = elapsed.as_nanos().max(1);
    u64::try_from(u128::from(ticks) * 1_000_000 / nanoseconds).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_measurements_agree() {
        let (first, second) = (measure(), measure());
        assert!((100_000..20_000_000).contains(&first), "{first}");
        assert!(first.abs_diff(second) < first / 100, "{first} and {second}");
    }
}
