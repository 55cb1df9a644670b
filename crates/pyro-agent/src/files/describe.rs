//! What the host is told about something in a file system.

use pyro_proto::GuestPath;
use pyro_proto::tree::{Entry, Facts, Kind};
use rustix::fs::{FileType, Stat};
use std::ffi::CStr;
use std::os::fd::AsFd;

/// Set-user-id, set-group-id, sticky and the nine permission bits.
pub(crate) const PERMISSIONS: u32 = 0o7777;

/// Which of the four kinds it is.
pub(crate) fn kind(stat: &Stat) -> Kind {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        _ => Kind::Other,
    }
}

/// Bytes of content; what a directory or a device has as its size says nothing.
pub(crate) fn size(stat: &Stat) -> u64 {
    match kind(stat) {
        Kind::File | Kind::Symlink => u64::try_from(stat.st_size).unwrap_or(0),
        Kind::Directory | Kind::Other => 0,
    }
}

/// Nanoseconds since the Unix epoch, as far as 64 bits reach.
pub(crate) fn nanoseconds(seconds: i64, rest: u64) -> i64 {
    let rest = i64::try_from(rest).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// Where the link `name` of a directory points to; with an empty name, the opened link itself. None if it
/// is no link any more.
pub(crate) fn link_target(parent: impl AsFd, name: &CStr) -> Option<GuestPath> {
    let target = rustix::fs::readlinkat(parent, name, Vec::new()).ok()?;
    Some(GuestPath::new(target.into_bytes()))
}

/// What `Stat` and `List` tell. `name` as for [`link_target`].
pub(crate) fn entry(path: GuestPath, parent: impl AsFd, name: &CStr, stat: &Stat) -> Entry {
    let Facts { kind, size, mode, link_target } = facts(parent, name, stat);
    let mtime_ns = nanoseconds(stat.st_mtime, stat.st_mtime_nsec);
    Entry { path, kind, size, mode, mtime_ns, link_target }
}

/// What `Changes` tells. `name` as for [`link_target`].
pub(crate) fn facts(parent: impl AsFd, name: &CStr, stat: &Stat) -> Facts {
    let kind = kind(stat);
    let link_target = (kind == Kind::Symlink).then(|| link_target(parent, name)).flatten();
    Facts { kind, size: size(stat), mode: stat.st_mode & PERMISSIONS, link_target }
}
