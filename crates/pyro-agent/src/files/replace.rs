//! Replaces a file in one step: whoever reads it sees all of the old or all of the new.

use super::aside::Aside;
use super::describe::PERMISSIONS;
use super::{Links, READ_DIRECTORY, Root, copy, file_name, invalid, refusal};
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

impl Root {
    /// Writes `content` beside `path`, then puts it in its place. Missing parents are made; a file
    /// that exists keeps its mode and owner, a new one gets `mode`. When this returns how many bytes
    /// these were, all of it is on the disk.
    ///
    /// # Errors
    /// The refusal names the path; the file is then as it was, or a disk has failed at the very end.
    pub(crate) fn replace(
        &self,
        path: &GuestPath,
        mode: u32,
        content: &mut impl Read,
    ) -> Result<u64, Refusal> {
        let name = file_name(path)?;
        let parent = self.make_directories(&parent_of(path), Links::Follow)?;
        let old = existing(parent.as_fd(), name, path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let create =
            |name: &OsStr| rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(0o600));
        let (file, aside) =
            Aside::create(parent.as_fd(), create).map_err(|e| refusal("create", path, e))?;
        let mut file = File::from(file);
        let bytes = copy(content, &mut file)
            .map_err(|e| Refusal::from_io(&format!("cannot write {path}"), &e))?;
        put(&file, aside, name, mode, old.as_ref())
            .and_then(|()| sync_directory(parent.as_fd()))
            .map_err(|e| refusal("replace", path, e))?;
        Ok(bytes)
    }
}

fn parent_of(path: &GuestPath) -> GuestPath {
    use std::os::unix::ffi::OsStrExt;
    let parent = Path::new(path.as_os_str()).parent().unwrap_or(Path::new(""));
    GuestPath::new(parent.as_os_str().as_bytes())
}

/// What is there already; only a regular file may be replaced.
fn existing(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    path: &GuestPath,
) -> Result<Option<Stat>, Refusal> {
    match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
            Ok(Some(stat))
        }
        Ok(_) => Err(invalid(format!("{path} exists and is not a regular file"))),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(refusal("look at", path, error)),
    }
}

/// Gives the new file the owner and mode of the old one, and makes it last before it has the name.
fn put(
    file: &File,
    aside: Aside<'_>,
    name: &OsStr,
    mode: u32,
    old: Option<&Stat>,
) -> Result<(), Errno> {
    if let Some(old) = old {
        let (uid, gid) = (Uid::from_raw(old.st_uid), Gid::from_raw(old.st_gid));
        // an agent without privileges owns what it writes
        let _ = rustix::fs::fchown(file, Some(uid), Some(gid));
    }
    let mode = old.map_or(mode, |old| old.st_mode) & PERMISSIONS;
    rustix::fs::fchmod(file, Mode::from_raw_mode(mode))?;
    rustix::fs::fsync(file)?;
    aside.put(name)
}

/// Makes the new name last.
fn sync_directory(directory: BorrowedFd<'_>) -> Result<(), Errno> {
    rustix::fs::fsync(rustix::fs::openat(directory, ".", READ_DIRECTORY, Mode::empty())?)
}
