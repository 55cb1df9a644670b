//! How much memory a process has needed.

use std::fs;

/// The most physical memory that the process has had so far, in KiB: `VmHWM` of
/// proc_pid_status(5). None when it has ended.
#[must_use]
pub fn peak_kib(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
