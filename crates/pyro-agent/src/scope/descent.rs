//! Finds what a command started without cgroups: among the agent's descendants, those in the
//! command's session, those that carry its mark in their environment, and their descendants.
//! The agent is a subreaper, so nothing leaves it by forking twice. A program that drops its
//! environment, starts a session and forks twice is found only when the agent itself ends.

use rustix::process::{Pid, PidfdFlags, Signal};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The variable that marks a command's processes.
pub(super) const MARK: &str = "PYRO_EXEC";
/// Between two looks at processes that are being killed.
const PAUSE: Duration = Duration::from_millis(2);
/// So many looks, then a process cannot be killed (it hangs in the kernel).
const LOOKS: usize = 1000;

/// Hands out marks; they need to differ only among the descendants of one agent.
#[derive(Debug, Default)]
pub(crate) struct Marks(AtomicU64);

impl Marks {
    pub(super) fn make(&self) -> Descent {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        Descent { mark: format!("{}-{number}", std::process::id()), first: None }
    }
}

/// One command's processes.
#[derive(Debug)]
pub(crate) struct Descent {
    mark: String,
    first: Option<Pid>,
}

impl Descent {
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    pub(super) fn started(&mut self, first: Pid) {
        self.first = Some(first);
    }

    pub(super) async fn kill(&self) {
        let needle = format!("{MARK}={}", self.mark);
        let first = self.first.map_or(0, Pid::as_raw_pid);
        kill_until_none(|process| {
            process.pid == first || process.session == first || process.carries(&needle)
        })
        .await;
    }
}

/// Kills every descendant of this process.
pub(crate) async fn kill_all() {
    kill_until_none(|_| true).await;
}

async fn kill_until_none(belongs: impl Fn(&Process) -> bool) {
    for _ in 0..LOOKS {
        let found = find(&belongs);
        if found.is_empty() {
            return;
        }
        found.iter().for_each(Process::kill);
        tokio::time::sleep(PAUSE).await;
    }
}

/// The descendants that belong, and all descendants of those.
fn find(belongs: &impl Fn(&Process) -> bool) -> Vec<Process> {
    let all = processes();
    let ours = heirs(&all, HashSet::from([rustix::process::getpid().as_raw_pid()]));
    let roots = all.iter().filter(|p| ours.contains(&p.pid) && belongs(p)).map(|p| p.pid);
    let members = heirs(&all, roots.collect());
    all.into_iter().filter(|p| ours.contains(&p.pid) && members.contains(&p.pid)).collect()
}

/// `ancestors` and whoever descends from them, without this process.
fn heirs(all: &[Process], mut ancestors: HashSet<i32>) -> HashSet<i32> {
    loop {
        let before = ancestors.len();
        ancestors.extend(
            all.iter().filter(|p| ancestors.contains(&p.parent)).map(|p| p.pid).collect::<Vec<_>>(),
        );
        if ancestors.len() == before {
            ancestors.remove(&rustix::process::getpid().as_raw_pid());
            return ancestors;
        }
    }
}

/// A process as `/proc/PID/stat` shows it (`proc(5)`).
#[derive(Debug)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
}

fn processes() -> Vec<Process> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(Process::read).collect()
}

impl Process {
    /// `None` if it is gone, or only waits to be reaped.
    fn read(pid: i32) -> Option<Self> {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        // the name may hold anything, so the fields are counted after its last parenthesis
        let name_end = stat.iter().rposition(|byte| *byte == b')')?;
        let fields = std::str::from_utf8(stat.get(name_end + 1..)?).ok()?;
        let mut fields = fields.split_ascii_whitespace();
        let state = fields.next()?;
        let (parent, _group, session) = (fields.next()?, fields.next()?, fields.next()?);
        let (parent, session) = (parent.parse().ok()?, session.parse().ok()?);
        (!matches!(state, "Z" | "X")).then_some(Self { pid, parent, session })
    }

    fn carries(&self, variable: &str) -> bool {
        let environment = std::fs::read(format!("/proc/{}/environ", self.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
    }

    /// Kills it if it is still the process that was read: its pid may have a new owner.
    fn kill(&self) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        let Ok(held) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else { return };
        if Self::read(self.pid).is_some_and(|now| now.session == self.session) {
            // it may have ended by itself
            let _ = rustix::process::pidfd_send_signal(held, Signal::KILL);
        }
    }
}
