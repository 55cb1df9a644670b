//! New namespaces for the VMM: nothing to see, nobody to signal, no network.

use super::note::{Failure, Stage, Staged};
use super::sys;
use rustix::process::{getegid, geteuid};
use rustix::thread::UnshareFlags;

/// Moves the launcher into new mount, network, IPC, UTS and cgroup namespaces, and makes its next
/// child PID 1 of a new PID namespace. Who cannot change to another user later gets a user namespace
/// as well, in which only the own user and group exist, under their own numbers: supplementary
/// groups (`kvm`) keep working.
pub(super) fn enter(changes_user: bool) -> Result<(), Failure> {
    let mut flags = UnshareFlags::NEWNS
        | UnshareFlags::NEWPID
        | UnshareFlags::NEWNET
        | UnshareFlags::NEWIPC
        | UnshareFlags::NEWUTS
        | UnshareFlags::NEWCGROUP;
    flags.set(UnshareFlags::NEWUSER, !changes_user);
    let (uid, gid) = (geteuid(), getegid());
    sys::unshare(flags).during(Stage::Namespaces, "unshare")?;
    if !changes_user {
        // In this order, user_namespaces(7): the group map is refused while setgroups is allowed.
        write("/proc/self/setgroups", "deny")?;
        write("/proc/self/gid_map", &format!("{0} {0} 1", gid.as_raw()))?;
        write("/proc/self/uid_map", &format!("{0} {0} 1", uid.as_raw()))?;
        // Concerns the writer's own user namespace, the new one. Where a container has made the
        // file read-only, the seccomp filter alone forbids user namespaces below this one.
        let _ = std::fs::write("/proc/sys/user/max_user_namespaces", "0");
    }
    rustix::system::sethostname(b"pyro").during(Stage::Namespaces, "sethostname")
}

fn write(path: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).during(Stage::Namespaces, path)
}
