//! A pseudoterminal: `pty(7)`. The programs are at its one end, the host at the other.

use crate::channel::Channel;
use pyro_proto::shell::Size;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Pid, Signal};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetpgrp, tcsetwinsize};
use std::io;
use std::os::fd::OwnedFd;

/// One that is open.
#[derive(Debug)]
pub(super) struct Terminal {
    /// What it shows, and what is typed.
    pub(super) channel: Channel,
    pub(super) handle: Handle,
}

/// What works on it beside the bytes.
#[derive(Debug)]
pub(super) struct Handle {
    master: OwnedFd,
    /// The programs' end. As long as it is open here too, programs may close theirs and open it again.
    slave: OwnedFd,
}

impl Terminal {
    /// Opens one of this size.
    pub(super) fn open(size: Size) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        unlockpt(&master)?;
        // by descriptor: no path of the guest is trusted to lead there
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let slave = ioctl_tiocgptpeer(&master, flags)?;
        let handle = Handle { master: fcntl_dupfd_cloexec(&master, 3)?, slave };
        handle.resize(size)?;
        Ok(Self { channel: Channel::new(master)?, handle })
    }
}

impl Handle {
    /// The programs' end, once more.
    pub(super) fn end_for_a_program(&self) -> io::Result<OwnedFd> {
        self.slave.try_clone()
    }

    /// Reads what it shows without waiting.
    pub(super) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(&self.master, into)?)
    }

    pub(super) fn resize(&self, size: Size) -> io::Result<()> {
        let Size { cols, rows } = size;
        let size = Winsize { ws_col: cols, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        Ok(tcsetwinsize(&self.master, size)?)
    }

    /// Sends a signal to the process group that has the terminal, if any has.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = self.foreground() {
            let _ = rustix::process::kill_process_group(group, signal);
        }
    }

    fn foreground(&self) -> Option<Pid> {
        tcgetpgrp(&self.master).ok()
    }
}
