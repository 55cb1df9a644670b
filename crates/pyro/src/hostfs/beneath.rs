//! One system call: opening a path beneath a directory, through no link whatsoever.

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// `openat2(2)`, Linux 5.6: `EXDEV` where the path leads outside, `ELOOP` where it has a link in it.
pub(super) fn beneath(top: impl AsFd, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    loop {
        let opened =
            rustix::fs::openat2(&top, path, flags | OFlags::CLOEXEC, Mode::empty(), inside);
        // EAGAIN: the kernel could not rule out that a rename led outside meanwhile
        if !matches!(opened, Err(Errno::AGAIN | Errno::INTR)) {
            return opened;
        }
    }
}
