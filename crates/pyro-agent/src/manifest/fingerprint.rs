//! By what an entry is known again: equal fingerprints mean that nothing has changed.

use super::git;
use crate::files::describe::{PERMISSIONS, kind, nanoseconds, size};
use crate::files::walk::Found;
use pyro_proto::tree::{Facts, Kind};
use pyro_proto::{GuestPath, Refusal};

/// What is compared. The ctime is what counts: every change of content, mode, owner or name sets
/// it, and no program can set it back. The rest catches a clock that was set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    /// None: a `.git`, whatever that is; then all but the size, a digest, is zero.
    pub(super) kind: Option<Kind>,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) ctime: i64,
    pub(super) inode: u64,
}

impl Fingerprint {
    /// A ctime that no entry has: what may change once more within the same tick is never known again.
    const UNSURE: i64 = i64::MIN;

    /// Of an entry as it is now. A directory is only its mode: what is in it has fingerprints of its own.
    pub(super) fn of(found: &Found<'_>) -> Result<Self, Refusal> {
        let nothing = Self { kind: None, mode: 0, size: 0, mtime: 0, ctime: 0, inode: 0 };
        if found.name == c".git" {
            return Ok(Self { size: u64::from(git::digest(found)?), ..nothing });
        }
        let stat = found.stat;
        let (kind, mode) = (kind(stat), stat.st_mode & PERMISSIONS);
        if kind == Kind::Directory {
            return Ok(Self { kind: Some(kind), mode, ..nothing });
        }
        Ok(Self {
            kind: Some(kind),
            mode,
            size: size(stat),
            mtime: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            ctime: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
            inode: stat.st_ino,
        })
    }

    /// For the manifest of a walk that has begun at `tick`.
    pub(super) fn taken_since(self, tick: i64) -> Self {
        if self.ctime < tick { self } else { Self { ctime: Self::UNSURE, ..self } }
    }

    /// What the host is told of it; none for a `.git`.
    pub(super) fn facts(&self, link_target: Option<GuestPath>) -> Option<Facts> {
        let Self { kind, size, mode, .. } = *self;
        Some(Facts { kind: kind?, size, mode, link_target })
    }
}
