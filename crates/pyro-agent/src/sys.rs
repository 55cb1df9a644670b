//! The few system calls that have no safe wrapper. Nothing else in this crate is unsafe.
#![expect(
    unsafe_code,
    reason = "system calls without a safe wrapper; each block says why it holds"
)]

use rustix::fs::{Mode, OFlags};
use rustix::process::{Gid, Uid};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use tokio::io::unix::AsyncFd;

/// What a child does between fork and exec.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The `cgroup.procs` file of its cgroup: it joins by writing there.
    pub(crate) cgroup: Option<OwnedFd>,
    /// Whose rights it takes on; none: the agent's own.
    pub(crate) identity: Option<Identity>,
    /// The directory it works in.
    pub(crate) directory: OwnedFd,
}

/// User, group and supplementary groups of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The user.
    pub(crate) user: Uid,
    /// The group.
    pub(crate) group: Gid,
    /// All supplementary groups.
    pub(crate) groups: Vec<Gid>,
}

/// Makes `command` enter its own session, cgroup, identity and directory before it runs.
pub(crate) fn enter_before_exec(command: &mut Command, entry: Entry) {
    // SAFETY: `enter` only makes raw system calls on values that exist already: it allocates
    // nothing, takes no lock, and touches no state of the libc, so it may run after `fork`.
    unsafe { command.pre_exec(move || enter(&entry).map_err(io::Error::from)) };
}

fn enter(entry: &Entry) -> rustix::io::Result<()> {
    rustix::process::setsid()?;
    if let Some(cgroup) = &entry.cgroup {
        rustix::io::write(cgroup, b"0")?;
        // the agent itself is never to be killed for want of memory, its children are
        let flags = OFlags::WRONLY | OFlags::CLOEXEC;
        let score = rustix::fs::open(c"/proc/self/oom_score_adj", flags, Mode::empty())?;
        rustix::io::write(score, b"0")?;
    }
    rustix::process::fchdir(&entry.directory)?;
    if let Some(identity) = &entry.identity {
        rustix::thread::set_thread_groups(&identity.groups)?;
        rustix::thread::set_thread_gid(identity.group)?;
        rustix::thread::set_thread_uid(identity.user)?;
    }
    Ok(())
}

/// Watches a descriptor that the result owns.
pub(crate) fn register(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open, and always the same descriptor, until it is dropped.
    Ok(unsafe { AsyncFd::register(descriptor) }?)
}
