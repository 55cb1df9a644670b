//! A bell: one thread waits for it in a system call that signals interrupt, another rings it. As it is a
//! file descriptor, an event loop can wait for it too.

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// It stays rung until somebody has heard it.
#[derive(Debug)]
pub(crate) struct Bell(OwnedFd);

impl Bell {
    /// One that has not been rung.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Rings it. It cannot fail but for a counter that is full, and then it rings anyway.
    pub(crate) fn ring(&self) {
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Whether it rang within `patience`, if that has an end. A signal that this thread handles ends the wait
    /// early.
    pub(crate) fn rings_within(&self, patience: Option<Duration>) -> bool {
        let timeout = patience.and_then(|patience| Timespec::try_from(patience).ok());
        let mut ears = [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)];
        matches!(poll(&mut ears, timeout.as_ref()), Ok(1..))
    }

    /// Silences it until it is rung again.
    pub(crate) fn silence(&self) {
        let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
    }

    /// For an event loop: readable while it rings.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
