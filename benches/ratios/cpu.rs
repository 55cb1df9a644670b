//! CPU time of everything this process has started, however it detached: the bench adopts orphans
//! and waits for them, so that the kernel adds them up.

use rustix::process::{WaitOptions, wait};
use std::time::{Duration, Instant};

/// Wall and CPU time of a piece of work, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

/// Runs `work`, which returns what it measured itself, and then waits for all children.
pub(crate) fn cost(work: impl FnOnce() -> Duration) -> Cost {
    let before = children();
    let wall = work().as_secs_f64();
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match wait(WaitOptions::NOHANG) {
            Err(_) => break,
            Ok(Some(_)) => {}
            Ok(None) if Instant::now() > deadline => break,
            Ok(None) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    Cost { wall, cpu: children() - before }
}

/// `cutime` and `cstime`, fields 16 and 17 of proc_pid_stat(5), in ticks of a hundredth of a second
/// (`getconf CLK_TCK` on every Linux port that pyro runs on).
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace();
    let ticks: f64 = fields.skip(13).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
