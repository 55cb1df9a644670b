//! Stopping a machine for a moment, so that nothing of it writes: all threads of its VMM are stopped by
//! signal, which works on every monitor and from without. QEMU has no monitor socket here, and a
//! Firecracker that is paused through its API loses its virtio socket (1.16.0, 1.16.1).

use crate::machine::jail::ProcessIdentity;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::cell::Cell;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::time::Instant;

/// How long the threads may take: one that writes to the host's disk stops when that is done.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at them. Only their parent, the jail launcher, is told when they have stopped.
const LOOK: Duration = Duration::from_millis(1);

/// The brake of one machine.
#[derive(Debug)]
pub struct Brake {
    process: ProcessIdentity,
    pidfd: OwnedFd,
    holders: Cell<usize>,
}

/// A machine that stands still, until the last of these is dropped.
#[derive(Debug)]
pub struct Standstill<'a>(&'a Brake);

impl Brake {
    /// That of the machine around which `process` is.
    ///
    /// # Errors
    /// If there is no such process any more.
    pub(super) fn of(process: ProcessIdentity) -> io::Result<Self> {
        let pid = Pid::from_raw(process.pid).ok_or(ErrorKind::NotFound)?;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        // looked at after the pidfd is held: from here on it cannot become another process
        if !process.is_running() {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(Self { process, pidfd, holders: Cell::new(0) })
    }

    /// Stops it, and waits until it has stopped.
    ///
    /// # Errors
    /// If it is gone, or does not stop.
    pub async fn stop(&self) -> io::Result<Standstill<'_>> {
        self.holders.set(self.holders.get() + 1);
        let standstill = Standstill(self);
        pidfd_send_signal(&self.pidfd, Signal::STOP)?;
        let deadline = Instant::now() + PATIENCE;
        while !self.has_stopped()? {
            if Instant::now() > deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(standstill)
    }

    /// Whether every thread has: state `T` in the third field of its `stat`, proc_pid_stat(5).
    fn has_stopped(&self) -> io::Result<bool> {
        for thread in fs::read_dir(format!("/proc/{}/task", self.process.pid))? {
            // a thread that has ended writes nothing
            let Ok(stat) = fs::read_to_string(thread?.path().join("stat")) else { continue };
            let state =
                stat.rsplit_once(')').and_then(|(_, fields)| fields.trim_start().chars().next());
            if !matches!(state, Some('T' | 'Z' | 'X')) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Drop for Standstill<'_> {
    fn drop(&mut self) {
        let holders = self.0.holders.get() - 1;
        self.0.holders.set(holders);
        if holders == 0 {
            let _ = pidfd_send_signal(&self.0.pidfd, Signal::CONT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn state(brake: &Brake) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", brake.process.pid)).unwrap();
        stat.rsplit_once(')').unwrap().1.trim_start().chars().next().unwrap()
    }

    #[tokio::test]
    async fn it_stands_still_until_the_last_one_lets_it_go_on() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        let brake = Brake::of(ProcessIdentity::of(pid).unwrap()).unwrap();
        let (one, other) = (brake.stop().await.unwrap(), brake.stop().await.unwrap());
        assert_eq!(state(&brake), 'T');
        drop(one);
        assert_eq!(state(&brake), 'T');
        drop(other);
        assert_ne!(state(&brake), 'T');
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(brake.stop().await.is_err());
    }
}
