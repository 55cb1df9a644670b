//! What tells that somebody has committed, switched, branched or reconfigured in a `.git`: sizes and times
//! of `HEAD`, `packed-refs`, `config`, `logs/HEAD` and of all files below `refs`. Not the index,
//! which even `git status` writes, and not the objects, which nothing refers to by themselves.

use crate::files::READ_DIRECTORY;
use crate::files::describe::{kind, nanoseconds};
use crate::files::walk::{Found, Walk};
use pyro_proto::Refusal;
use pyro_proto::tree::Kind;
use rustix::fs::{AtFlags, Mode, Stat};
use std::os::fd::OwnedFd;

const WATCHED: [&str; 4] = ["HEAD", "packed-refs", "config", "logs/HEAD"];

/// A digest of a `.git`: of its metadata where it is a directory, of itself where it is the file of
/// a worktree or a submodule. It finds accidents, not forgeries.
pub(super) fn digest(git: &Found<'_>) -> Result<u32, Refusal> {
    let mut digest = Digest(0);
    digest.add(b"", git.stat);
    let opened = rustix::fs::openat(git.directory, git.name, READ_DIRECTORY, Mode::empty());
    if let Ok(directory) = opened {
        digest.watched(&directory);
        digest.references(&directory)?;
    }
    Ok(digest.0)
}

#[derive(Debug)]
struct Digest(u32);

impl Digest {
    /// What is not there does not count.
    fn watched(&mut self, directory: &OwnedFd) {
        for name in WATCHED {
            if let Ok(stat) = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                self.add(name.as_bytes(), &stat);
            }
        }
    }

    fn references(&mut self, directory: &OwnedFd) -> Result<(), Refusal> {
        let opened = rustix::fs::openat(directory, "refs", READ_DIRECTORY, Mode::empty());
        let Ok(references) = opened else { return Ok(()) };
        let mut walk = Walk::within(references, b"refs/")?;
        while walk.advance()? {
            if let Some(found) = walk.found() {
                self.add(found.path, found.stat);
            }
        }
        Ok(())
    }

    /// A directory counts only by its name: locks come and go in it.
    fn add(&mut self, name: &[u8], stat: &Stat) {
        let (size, mtime) = match kind(stat) {
            Kind::Directory => (-1, 0),
            _ => (stat.st_size, nanoseconds(stat.st_mtime, stat.st_mtime_nsec)),
        };
        for part in [name, b"\0", &size.to_le_bytes(), &mtime.to_le_bytes()] {
            self.0 = crc32c::crc32c_append(self.0, part);
        }
    }
}
