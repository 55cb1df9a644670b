//! Who a process is: a PID with its start time, which together are unique until the next boot;
//! and which user a machine runs as when pyro is root.

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

/// The first of the users that machines run as when pyro is root.
const FIRST_UID: u32 = 900_000;
/// The kernel's overflow user, present in every container's mapping (`/proc/sys/kernel/overflowuid`).
const NOBODY: u32 = 65_534;

/// A process that can be recognised later, in the same boot, when its PID may belong to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessIdentity {
    /// Its PID.
    pub pid: i32,
    /// When it started, in clock ticks after boot: field 22 of `/proc/<pid>/stat`, proc(5).
    pub start_time: u64,
}

impl ProcessIdentity {
    /// The process that has this PID now, if there is one.
    #[must_use]
    pub fn of(pid: Pid) -> Option<Self> {
        Stat::read(pid).map(|stat| stat.identity)
    }

    /// The children of `parent` that still run.
    #[must_use]
    pub fn children_of(parent: Pid) -> Vec<Self> {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?))
            .filter_map(Stat::read)
            .filter(|stat| stat.parent == parent.as_raw_pid() && stat.is_running())
            .map(|stat| stat.identity)
            .collect()
    }

    /// Whether this very process still runs. One that has ended and waits to be reaped does not.
    #[must_use]
    pub fn is_running(&self) -> bool {
        Pid::from_raw(self.pid)
            .and_then(Stat::read)
            .is_some_and(|stat| stat.identity == *self && stat.is_running())
    }
}

/// The fields of `/proc/<pid>/stat` used here.
pub(super) struct Stat {
    pub(super) identity: ProcessIdentity,
    pub(super) parent: i32,
    state: char,
}

impl Stat {
    pub(super) fn read(pid: Pid) -> Option<Self> {
        let pid = pid.as_raw_pid();
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (state, parent, start_time) = parse(&text)?;
        Some(Self { identity: ProcessIdentity { pid, start_time }, parent, state })
    }

    fn is_running(&self) -> bool {
        !matches!(self.state, 'Z' | 'X')
    }
}

/// State (field 3), parent PID (field 4) and start time (field 22). The name, field 2, may contain anything, also
/// parentheses; fields are counted after the last one.
fn parse(text: &str) -> Option<(char, i32, u64)> {
    let mut fields = text[text.rfind(')')? + 1..].split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let parent = fields.next()?.parse().ok()?;
    let start_time = fields.nth(22 - 5)?.parse().ok()?;
    Some((state, parent, start_time))
}

/// The user for the machine in `slot`: one of its own where pyro is the host's root, `nobody`
/// where it is the root of a container that maps no such user, none where it is not root or where
/// its user namespace has no other user.
#[must_use]
pub fn machine_uid(slot: u16) -> Option<u32> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let map = std::fs::read_to_string("/proc/self/uid_map").ok()?;
    [FIRST_UID + u32::from(slot), NOBODY].into_iter().find(|uid| is_mapped(&map, *uid))
}

/// Whether `uid` exists in a user namespace with this `uid_map` (`inside outside length` per
/// line, user_namespaces(7)).
fn is_mapped(map: &str, uid: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_ascii_whitespace().map_while(|n| n.parse::<u64>().ok());
        let (Some(first), Some(_), Some(length)) = (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        (first..first.saturating_add(length)).contains(&u64::from(uid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_name_with_parentheses_does_not_shift_the_fields() {
        let line = "42 (a) b) (c) S 7 42 42 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 98765 10 11";
        assert_eq!(parse(line), Some(('S', 7, 98765)));
        assert_eq!(parse("42 (a"), None);
    }

    #[test]
    fn this_process_has_an_identity_and_its_real_parent() {
        let stat = Stat::read(rustix::process::getpid()).unwrap();
        assert_eq!(Some(stat.parent), rustix::process::getppid().map(Pid::as_raw_pid));
        assert!(stat.identity.start_time > 0);
    }

    #[test]
    fn a_container_without_high_users_falls_back_to_nobody() {
        let container = "         0     100000      65536\n";
        assert!(!is_mapped(container, FIRST_UID) && is_mapped(container, NOBODY));
        assert!(is_mapped("0 0 4294967295", FIRST_UID));
        assert!(!is_mapped("garbage", 0));
    }
}
