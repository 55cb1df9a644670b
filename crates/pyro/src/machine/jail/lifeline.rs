//! A process that must not outlive its parent. The parent-death signal (prctl(2),
//! `PR_SET_PDEATHSIG`) follows the parent *thread* and is forgotten when the credentials change,
//! so it is set right after fork, again after every such change, and each time checked against a
//! parent that may have died before the call.

use super::note::{Failure, Stage, Staged};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{self, Pid, PidfdFlags, Signal};
use std::os::fd::{AsFd, OwnedFd};

/// Dies by SIGKILL with the parent, which must be `parent`.
pub(super) fn tie_to_parent(parent: Pid) -> Result<(), Failure> {
    set_death_signal()?;
    if process::getppid() == Some(parent) { Ok(()) } else { Err(orphaned()) }
}

/// A handle on the calling process by which its child, in a PID namespace where `getppid` always
/// says 0, sees that it lives.
pub(super) fn open_self() -> Result<OwnedFd, Failure> {
    process::pidfd_open(process::getpid(), PidfdFlags::empty())
        .during(Stage::Lifeline, "pidfd_open")
}

/// Dies by SIGKILL with the parent, of which `parent` is a pidfd.
pub(super) fn tie_to(parent: &impl AsFd) -> Result<(), Failure> {
    set_death_signal()?;
    let mut fds = [PollFd::new(parent, PollFlags::IN)];
    let dead = poll(&mut fds, Some(&Timespec::default())).during(Stage::Lifeline, "poll")?;
    if dead == 0 { Ok(()) } else { Err(orphaned()) }
}

fn set_death_signal() -> Result<(), Failure> {
    process::set_parent_process_death_signal(Some(Signal::KILL))
        .during(Stage::Lifeline, "PR_SET_PDEATHSIG")
}

fn orphaned() -> Failure {
    Failure::new(Stage::Lifeline, "the parent died first")
}
