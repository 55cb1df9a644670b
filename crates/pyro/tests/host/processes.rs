//! What `/proc` shows of processes, and how to find all that a test started.

use rustix::process::{Pid, Signal, WaitOptions};
use std::collections::HashSet;
use std::fs;
use std::time::Duration;

/// A process as `/proc/PID/stat` and `/proc/PID/cmdline` show it (proc(5)).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) start_time: u64,
    pub(crate) command: String,
}

/// Orphans below this process become its children: nothing escapes [`descendants`].
pub(crate) fn adopt_orphans() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
}

/// Everything alive below this process.
pub(crate) fn descendants() -> Vec<Process> {
    let all: Vec<Process> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| read(entry.ok()?.file_name().to_str()?.parse().ok()?))
        .collect();
    let me = rustix::process::getpid().as_raw_pid();
    let mut family = HashSet::from([me]);
    loop {
        let before = family.len();
        family.extend(
            all.iter().filter(|p| family.contains(&p.parent)).map(|p| p.pid).collect::<Vec<_>>(),
        );
        if family.len() == before {
            break;
        }
    }
    all.into_iter().filter(|p| p.pid != me && family.contains(&p.pid)).collect()
}

/// The one descendant that plays this role.
pub(crate) fn playing(role: &str) -> Option<Process> {
    descendants().into_iter().find(|p| p.command.split('\0').nth(1) == Some(role))
}

/// The one shim: the process that stays, not the one that starts it.
pub(crate) fn shim() -> Option<Process> {
    let stays = |p: &Process| p.command.split('\0').nth(3) == Some("--stay");
    descendants().into_iter().find(|p| p.command.contains(pyro::shim::ROLE) && stays(p))
}

/// `None` if it is gone, or only waits to be reaped.
pub(crate) fn read(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.get(stat.rfind(')')? + 2..)?.split(' ').collect();
    let alive = !matches!(fields.first(), Some(&("Z" | "X")));
    let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    alive.then_some(Process {
        pid,
        parent: fields.get(1)?.parse().ok()?,
        start_time: fields.get(19)?.parse().ok()?,
        command: String::from_utf8_lossy(&command).into_owned(),
    })
}

impl Process {
    pub(crate) fn is_alive(&self) -> bool {
        read(self.pid).is_some_and(|now| now.start_time == self.start_time)
    }

    /// SIGKILL; returns when it is dead, and with it its locks.
    pub(crate) fn kill(&self) {
        assert!(self.is_alive(), "{self:?}");
        rustix::process::kill_process(Pid::from_raw(self.pid).unwrap(), Signal::KILL).unwrap();
        while self.is_alive() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// A field of `/proc/PID/status` in KiB: `VmRSS` is resident now, `VmHWM` was at most.
    pub(crate) fn memory(&self, field: &str) -> Option<u64> {
        memory(&self.pid.to_string(), field)
    }
}

/// The same of this process.
pub(crate) fn own_memory(field: &str) -> u64 {
    memory("self", field).unwrap()
}

fn memory(pid: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Forgets the highest memory use so far: proc(5), `clear_refs`.
pub(crate) fn forget_own_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// Collects adopted orphans that have ended. Not while a test waits for a child of its own.
pub(crate) fn reap() {
    while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
}
