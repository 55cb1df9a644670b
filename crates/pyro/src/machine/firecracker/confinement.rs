//! Whether Firecracker has put its own seccomp filters over its threads: the official builds do, a
//! build of one's own may not.

use crate::machine::jail::{self, ProcessIdentity, Tier};
use std::path::Path;

/// A thread of the VMM that lacks the filter, by name; [`None`] where all have one. Kernels before
/// 5.9 do not count filters (proc_pid_status(5)), and there it cannot be told.
pub(super) fn unfiltered_thread(vmm: ProcessIdentity, tier: Tier) -> Option<String> {
    let inherited = filters(Path::new("/proc/self"))? + jail::seccomp_filters(tier);
    let threads = std::fs::read_dir(format!("/proc/{}/task", vmm.pid)).ok()?;
    threads.flatten().map(|thread| thread.path()).find_map(|thread| {
        let lacks = filters(&thread)? <= inherited;
        lacks.then(|| name(&thread))
    })
}

/// How many seccomp filters a process or thread has.
fn filters(process: &Path) -> Option<usize> {
    let status = std::fs::read_to_string(process.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Seccomp_filters:"))?;
    line.trim().parse().ok()
}

fn name(thread: &Path) -> String {
    let name = std::fs::read_to_string(thread.join("comm")).unwrap_or_default();
    name.trim_end().chars().flat_map(char::escape_debug).collect()
}
