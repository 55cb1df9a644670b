//! Replaces a file in one step: whoever reads it sees all of the old or all of the new.

use super::{Root, copy, file_name, invalid, refusal};
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

impl Root {
    /// Writes `content` beside `path`, then puts it in its place. Missing parents are made; a file
    /// that exists keeps its mode and owner, a new one gets `mode`. Returns how many bytes.
    ///
    /// # Errors
    /// The refusal names the path; the file is then as it was.
    pub(crate) fn replace(
        &self,
        path: &GuestPath,
        mode: u32,
        content: &mut impl Read,
    ) -> Result<u64, Refusal> {
        let name = file_name(path)?;
        let parent = self.make_directories(&parent_of(path))?;
        let old = existing(parent.as_fd(), name, path)?;
        let temporary =
            Temporary::create(parent.as_fd()).map_err(|e| refusal("create", path, e))?;
        let mut file = &temporary.file;
        let bytes = copy(content, &mut file)
            .map_err(|e| Refusal::from_io(&format!("cannot write {path}"), &e))?;
        temporary.put(name, mode, old.as_ref()).map_err(|e| refusal("replace", path, e))?;
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

/// A new file beside the old one; deleted when dropped before [`Temporary::put`].
#[derive(Debug)]
struct Temporary<'a> {
    parent: BorrowedFd<'a>,
    name: String,
    file: File,
    put: bool,
}

impl<'a> Temporary<'a> {
    fn create(parent: BorrowedFd<'a>) -> Result<Self, Errno> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!(".pyro-{}-{number}.tmp", std::process::id());
            match rustix::fs::openat(parent, &name, flags, Mode::from_raw_mode(0o600)) {
                Ok(file) => return Ok(Self { parent, name, file: file.into(), put: false }),
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn put(mut self, name: &OsStr, mode: u32, old: Option<&Stat>) -> Result<(), Errno> {
        if let Some(old) = old {
            let (uid, gid) = (Uid::from_raw(old.st_uid), Gid::from_raw(old.st_gid));
            // an agent without privileges owns what it writes
            let _ = rustix::fs::fchown(&self.file, Some(uid), Some(gid));
        }
        let mode = old.map_or(mode, |old| old.st_mode) & 0o7777;
        rustix::fs::fchmod(&self.file, Mode::from_raw_mode(mode))?;
        rustix::fs::renameat(self.parent, &self.name, self.parent, name)?;
        self.put = true;
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.put {
            // it is only litter
            let _ = rustix::fs::unlinkat(self.parent, &self.name, AtFlags::empty());
        }
    }
}
