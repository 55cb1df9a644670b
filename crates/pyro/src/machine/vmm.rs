//! A running VMM process: known by a pidfd, so that nothing is ever sent to a recycled pid.

use crate::machine::jail::{JailedChild, ProcessIdentity};
use crate::machine::{Brake, MachineError, sys};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus};
use tokio::io::unix::AsyncFd;

/// The process around a guest, a child of this one. Dropping it kills it and waits for its end, so
/// that its files are closed.
#[derive(Debug)]
pub struct Vmm {
    process: Process,
    pidfd: AsyncFd<OwnedFd>,
}

#[derive(Debug)]
enum Process {
    /// A VMM below its launcher.
    Jailed(JailedChild),
    /// The agent as an ordinary process.
    Plain(Child),
}

impl Vmm {
    /// Takes charge of a VMM, called `program` in errors, in its jail.
    ///
    /// # Errors
    /// If the runtime cannot watch it.
    pub fn jailed(program: &'static str, child: JailedChild) -> Result<Self, MachineError> {
        let pidfd = child.pidfd().try_clone_to_owned().and_then(sys::watch);
        let pidfd = pidfd.map_err(|source| MachineError::Spawn { program, source })?;
        Ok(Self { process: Process::Jailed(child), pidfd })
    }

    /// Takes charge of an ordinary child.
    ///
    /// # Errors
    /// If the kernel has no pidfd for it.
    pub fn plain(child: Child) -> Result<Self, MachineError> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pidfd = pid
            .ok_or(rustix::io::Errno::SRCH)
            .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()))
            .map_err(std::io::Error::from)
            .and_then(sys::watch)
            .map_err(|source| MachineError::Spawn { program: "the agent", source })?;
        Ok(Self { process: Process::Plain(child), pidfd })
    }

    /// Every process of it, for the ledger.
    #[must_use]
    pub fn identities(&self) -> Vec<ProcessIdentity> {
        match &self.process {
            Process::Jailed(child) => child.launcher().into_iter().chain([child.vmm()]).collect(),
            Process::Plain(child) => i32::try_from(child.id())
                .ok()
                .and_then(Pid::from_raw)
                .and_then(ProcessIdentity::of)
                .into_iter()
                .collect(),
        }
    }

    /// What stops it for a moment.
    ///
    /// # Errors
    /// If it has ended.
    pub fn brake(&self) -> std::io::Result<Brake> {
        let process = match &self.process {
            Process::Jailed(child) => Some(child.vmm()),
            Process::Plain(_) => self.identities().pop(),
        };
        Brake::of(process.ok_or(std::io::ErrorKind::NotFound)?)
    }

    /// Waits for the end and says what it was: `exit status: 1`, `signal: 9 (SIGKILL)`.
    pub async fn ended(&mut self) -> String {
        // readable means exited, see pidfd_open(2)
        let _ = self.pidfd.readable().await;
        let status: Option<ExitStatus> = match &mut self.process {
            Process::Jailed(child) => child.wait().ok(),
            Process::Plain(child) => child.wait().ok(),
        };
        status.map_or_else(|| "ended".to_owned(), |status| status.to_string())
    }
}

impl Drop for Vmm {
    fn drop(&mut self) {
        match &mut self.process {
            Process::Jailed(child) => end_vmm(child, self.pidfd.get_ref()),
            Process::Plain(child) => end_agent(child, self.pidfd.get_ref()),
        }
    }
}

/// How long the kernel may take to take a killed VMM apart; its memory is most of the work.
const VMM_GRACE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };
/// How long the agent may take to kill what it started; it does that on SIGTERM.
const AGENT_GRACE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// The launcher may be gone before the VMM is: whoever is told that the machine has ended may rely
/// on its memory being free.
fn end_vmm(child: &JailedChild, pidfd: &OwnedFd) {
    if child.kill().is_ok() {
        await_exit(pidfd, &VMM_GRACE);
    }
}

/// On the host nothing but the agent holds its commands together: killed at once, it would leave
/// them behind.
fn end_agent(child: &mut Child, pidfd: &OwnedFd) {
    if pidfd_send_signal(pidfd, Signal::TERM).is_ok() {
        await_exit(pidfd, &AGENT_GRACE);
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Readable means exited, see pidfd_open(2).
fn await_exit(pidfd: &OwnedFd, at_most: &Timespec) {
    let _ = poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(at_most));
}
