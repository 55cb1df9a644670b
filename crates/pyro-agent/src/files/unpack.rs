//! Unpacks a tar archive below a directory. The `tar` crate only parses; where an entry goes is decided
//! here, and checked by the kernel: no entry leaves the directory, not even through a symbolic link
//! that an earlier entry or the guest has put in the way.

use super::aside::Aside;
use super::{copy, invalid};
use pyro_proto::request::TransferDone;
use pyro_proto::{Refusal, RefusalCode};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Timespec, Timestamps};
use rustix::io::Errno;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tar::EntryType;

/// Permission bits with set-user-id, set-group-id and sticky.
const MODE: u32 = 0o7777;

/// Unpacks `archive` below `directory`. Files belong to whoever the agent is; modes and times
/// are the archive's; what is in the way of a file or link is replaced, and if `replace` in one step:
/// whoever reads it sees all of the old or all of the new.
///
/// # Errors
/// The refusal names the entry; what was unpacked before it stays.
pub(crate) fn unpack(
    directory: &OwnedFd,
    replace: bool,
    archive: &mut impl Read,
) -> Result<TransferDone, Refusal> {
    let mut unpacking = Unpacking {
        directory,
        replace,
        done: TransferDone { entries: 0, bytes: 0 },
        open: Vec::new(),
    };
    let mut parsed = tar::Archive::new(&mut *archive);
    let entries = parsed.entries().map_err(|e| unreadable(&e))?;
    for entry in entries {
        unpacking.entry(&mut entry.map_err(|e| unreadable(&e))?)?;
    }
    unpacking.leave_all_but(Path::new("")).map_err(|e| failed(Path::new("."), &e.into()))?;
    // the archive is whole only when the host has said so
    copy(archive, &mut io::sink()).map_err(|e| unreadable(&e))?;
    Ok(unpacking.done)
}

#[derive(Debug)]
struct Unpacking<'a> {
    directory: &'a OwnedFd,
    /// Whether what is there stays until what comes is complete.
    replace: bool,
    done: TransferDone,
    /// Directories that more entries may go into, outermost first: modes and times are set after
    /// that. An archive that comes back to a directory later changes its time, as with any tar.
    open: Vec<Directory>,
}

#[derive(Debug)]
struct Directory {
    path: PathBuf,
    mode: u32,
    modified: Timespec,
}

impl Unpacking<'_> {
    fn entry<R: Read>(&mut self, entry: &mut tar::Entry<'_, R>) -> Result<(), Refusal> {
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            return Ok(());
        }
        let path = inner_path(&entry.path_bytes())?;
        if path.as_os_str().is_empty() {
            // the directory itself stays as it is
            return Ok(());
        }
        self.leave_all_but(&path).map_err(|e| failed(&path, &e.into()))?;
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                self.done.bytes += self.file(&path, entry).map_err(|e| failed(&path, &e))?;
            }
            EntryType::Directory => {
                self.make(&path, entry).map_err(|e| failed(&path, &e))?;
            }
            EntryType::Symlink => {
                let target = link_target(&path, entry)?;
                self.symlink(&path, &target, entry).map_err(|e| failed(&path, &e))?;
            }
            EntryType::Link => {
                let target = inner_path(&link_target(&path, entry)?)?;
                self.link(&path, &target).map_err(|e| failed(&path, &e.into()))?;
            }
            other => {
                let message = format!("the archive's entry {} is a {other:?}", shown(&path));
                return Err(invalid(message));
            }
        }
        self.done.entries += 1;
        Ok(())
    }

    fn file<R: Read>(&self, path: &Path, entry: &mut tar::Entry<'_, R>) -> io::Result<u64> {
        let (parent, name) = self.place(path)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let create =
            |name: &OsStr| rustix::fs::openat(&parent, name, flags, Mode::from_raw_mode(0o600));
        let (file, aside) = self.make_way(&parent, name, create)?;
        let mut file = File::from(file);
        let bytes = copy(entry, &mut file)?;
        if bytes != entry.size() {
            // the parser takes the end of its input for the end of the file
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        rustix::fs::fchmod(&file, Mode::from_raw_mode(entry.header().mode()? & MODE))?;
        rustix::fs::futimens(&file, &times(modified(entry)?))?;
        aside.map_or(Ok(()), |aside| aside.put(name))?;
        Ok(bytes)
    }

    /// Creates what shall be `name`: there, after removing what is in the way, or aside.
    fn make_way<'p, T>(
        &self,
        parent: &'p OwnedFd,
        name: &OsStr,
        create: impl Fn(&OsStr) -> Result<T, Errno>,
    ) -> Result<(T, Option<Aside<'p>>), Errno> {
        if self.replace {
            let (created, aside) = Aside::create(parent.as_fd(), create)?;
            return Ok((created, Some(aside)));
        }
        Ok((replacing(parent, name, create)?, None))
    }

    fn make<R: Read>(&mut self, path: &Path, entry: &tar::Entry<'_, R>) -> io::Result<()> {
        let (parent, name) = self.place(path)?;
        let create = |name: &OsStr| rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o700));
        if self.resolve(path).is_err() {
            replacing(&parent, name, create)?;
        }
        let (mode, modified) = (entry.header().mode()? & MODE, modified(entry)?);
        self.open.push(Directory { path: path.to_owned(), mode, modified });
        Ok(())
    }

    fn symlink<R: Read>(
        &self,
        path: &Path,
        target: &[u8],
        entry: &tar::Entry<'_, R>,
    ) -> io::Result<()> {
        let (parent, name) = self.place(path)?;
        let create = |name: &OsStr| rustix::fs::symlinkat(target, &parent, name);
        let ((), aside) = self.make_way(&parent, name, create)?;
        let at = aside.as_ref().map_or(name, |aside| aside.name().as_ref());
        let times = times(modified(entry)?);
        rustix::fs::utimensat(&parent, at, &times, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(aside.map_or(Ok(()), |aside| aside.put(name))?)
    }

    fn link(&self, path: &Path, target: &Path) -> Result<(), Errno> {
        let (from, old) = self.place(target)?;
        let (parent, name) = self.place(path)?;
        let create = |name: &OsStr| rustix::fs::linkat(&from, old, &parent, name, AtFlags::empty());
        let ((), aside) = self.make_way(&parent, name, create)?;
        aside.map_or(Ok(()), |aside| aside.put(name))
    }

    /// The directory that `path` lies in, made where it is missing, and its name there.
    fn place<'p>(&self, path: &'p Path) -> Result<(OwnedFd, &'p OsStr), Errno> {
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        match self.resolve(parent) {
            Err(Errno::NOENT) => Ok((self.make_parents(parent)?, name)),
            opened => Ok((opened?, name)),
        }
    }

    fn make_parents(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let mut directory = self.resolve(Path::new(""))?;
        for name in path {
            match rustix::fs::mkdirat(&directory, name, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
            directory = beneath(&directory, name.as_ref())?;
        }
        Ok(directory)
    }

    fn resolve(&self, path: &Path) -> Result<OwnedFd, Errno> {
        beneath(self.directory, if path.as_os_str().is_empty() { Path::new(".") } else { path })
    }

    /// Completes the open directories that `next` does not lie in.
    fn leave_all_but(&mut self, next: &Path) -> Result<(), Errno> {
        while let Some(last) = self.open.pop_if(|last| !next.starts_with(&last.path)) {
            let (parent, name) = self.place(&last.path)?;
            let directory = beneath(&parent, name.as_ref())?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let directory = rustix::fs::openat(&directory, ".", flags, Mode::empty())?;
            rustix::fs::futimens(&directory, &times(last.modified))?;
            rustix::fs::fchmod(&directory, Mode::from_raw_mode(last.mode))?;
        }
        Ok(())
    }
}

fn beneath(directory: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(directory, path, flags, Mode::empty(), inside)
}

/// Creates something, once more after removing what is in its way. A directory is not removed.
fn replacing<T>(
    parent: &OwnedFd,
    name: &OsStr,
    create: impl Fn(&OsStr) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match create(name) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(parent.as_fd(), name, AtFlags::empty())?;
            create(name)
        }
        result => result,
    }
}

/// The entry's path without `.`; one that leads outside is refused.
fn inner_path(raw: &[u8]) -> Result<PathBuf, Refusal> {
    let outside = raw.starts_with(b"/") || raw.split(|b| *b == b'/').any(|part| part == b"..");
    if outside {
        let path = raw.escape_ascii();
        return Err(invalid(format!("the archive's entry {path} leads outside of the directory")));
    }
    let parts = raw.split(|b| *b == b'/').filter(|part| !matches!(part, [] | [b'.']));
    Ok(parts.map(OsStr::from_bytes).collect())
}

fn link_target<R: Read>(path: &Path, entry: &tar::Entry<'_, R>) -> Result<Vec<u8>, Refusal> {
    let target = entry.link_name_bytes().map(Cow::into_owned);
    target.filter(|target| !target.is_empty()).ok_or_else(|| {
        invalid(format!("the archive's entry {} is a link without a target", shown(path)))
    })
}

fn modified<R: Read>(entry: &tar::Entry<'_, R>) -> io::Result<Timespec> {
    let seconds = i64::try_from(entry.header().mtime()?).unwrap_or(i64::MAX);
    Ok(Timespec { tv_sec: seconds, tv_nsec: 0 })
}

fn times(modified: Timespec) -> Timestamps {
    Timestamps { last_access: modified, last_modification: modified }
}

fn failed(path: &Path, error: &io::Error) -> Refusal {
    let through_link = error.raw_os_error().map(Errno::from_raw_os_error) == Some(Errno::LOOP);
    if through_link {
        let message = format!("the archive's entry {} leads through a symbolic link", shown(path));
        return Refusal { errno: error.raw_os_error(), ..invalid(message) };
    }
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return invalid(format!("the archive ends within its entry {}", shown(path)));
    }
    Refusal::from_io(&format!("cannot unpack {}", shown(path)), error)
}

fn shown(path: &Path) -> impl std::fmt::Display {
    path.as_os_str().as_bytes().escape_ascii()
}

fn unreadable(error: &io::Error) -> Refusal {
    Refusal::new(RefusalCode::Invalid, format!("the archive cannot be read: {error}"))
}
