//! Unpacks a tar archive below a directory. The `tar` crate only parses; where an entry goes is decided
//! here, and checked by the kernel: no entry leaves the directory, not even through a symbolic link
//! that an earlier entry or the guest has put in the way.

use super::aside::Aside;
use super::content::ContentWriter;
use super::describe::PERMISSIONS;
use super::{copy, invalid};
use pyro_proto::request::TransferDone;
use pyro_proto::{Refusal, RefusalCode};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, Timespec, Timestamps};
use rustix::io::Errno;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tar::EntryType;

/// Permission bits without set-user-id, set-group-id and sticky.
const ORDINARY: u32 = 0o777;

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
        last_parent: None,
        withheld: umask(),
        content: ContentWriter::new(),
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
    /// The directory that the last entry went into: mostly the next one goes there too.
    last_parent: Option<(PathBuf, Rc<OwnedFd>)>,
    /// Permission bits that new files do not get.
    withheld: u32,
    content: ContentWriter,
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

    fn file<R: Read>(&mut self, path: &Path, entry: &mut tar::Entry<'_, R>) -> io::Result<u64> {
        let (parent, name) = self.place(path)?;
        let mode = entry.header().mode()? & PERMISSIONS;
        let at_first = Mode::from_raw_mode(mode & ORDINARY);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let create = |name: &OsStr| rustix::fs::openat(&parent, name, flags, at_first);
        let (file, aside) = make_way(self.replace, parent.as_fd(), name, create)?;
        let file = File::from(file);
        let bytes = self.content.write(entry, &file)?;
        if bytes != entry.size() {
            // the parser takes the end of its input for the end of the file
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // writing takes set-user-id away, and the mask other bits: everything else is there already
        if mode & !ORDINARY != 0 || mode & self.withheld != 0 {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
        }
        rustix::fs::futimens(&file, &times(modified(entry)?))?;
        aside.map_or(Ok(()), |aside| aside.put(name))?;
        Ok(bytes)
    }

    fn make<R: Read>(&mut self, path: &Path, entry: &tar::Entry<'_, R>) -> io::Result<()> {
        let (parent, name) = self.place(path)?;
        let create = |name: &OsStr| rustix::fs::mkdirat(&parent, name, Mode::from_raw_mode(0o700));
        if self.resolve(path).is_err() {
            replacing(parent.as_fd(), name, create)?;
        }
        let (mode, modified) = (entry.header().mode()? & PERMISSIONS, modified(entry)?);
        self.open.push(Directory { path: path.to_owned(), mode, modified });
        Ok(())
    }

    fn symlink<R: Read>(
        &mut self,
        path: &Path,
        target: &[u8],
        entry: &tar::Entry<'_, R>,
    ) -> io::Result<()> {
        let (parent, name) = self.place(path)?;
        let create = |name: &OsStr| rustix::fs::symlinkat(target, &parent, name);
        let ((), aside) = make_way(self.replace, parent.as_fd(), name, create)?;
        let at = aside.as_ref().map_or(name, |aside| aside.name().as_ref());
        let times = times(modified(entry)?);
        rustix::fs::utimensat(&parent, at, &times, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(aside.map_or(Ok(()), |aside| aside.put(name))?)
    }

    fn link(&mut self, path: &Path, target: &Path) -> Result<(), Errno> {
        let (from, old) = self.place(target)?;
        let (parent, name) = self.place(path)?;
        let create = |name: &OsStr| rustix::fs::linkat(&from, old, &parent, name, AtFlags::empty());
        let ((), aside) = make_way(self.replace, parent.as_fd(), name, create)?;
        aside.map_or(Ok(()), |aside| aside.put(name))
    }

    /// The directory that `path` lies in, made where it is missing, and its name there.
    fn place<'p>(&mut self, path: &'p Path) -> Result<(Rc<OwnedFd>, &'p OsStr), Errno> {
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        if let Some((last, directory)) = &self.last_parent
            && last == parent
        {
            return Ok((directory.clone(), name));
        }
        let directory = Rc::new(match self.resolve(parent) {
            Err(Errno::NOENT) => self.make_parents(parent)?,
            opened => opened?,
        });
        self.last_parent = Some((parent.to_owned(), directory.clone()));
        Ok((directory, name))
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

/// Creates what shall be `name`: aside where what is there is to stay until then, otherwise there, after
/// removing what is in the way.
fn make_way<'p, T>(
    replace: bool,
    parent: BorrowedFd<'p>,
    name: &OsStr,
    create: impl Fn(&OsStr) -> Result<T, Errno>,
) -> Result<(T, Option<Aside<'p>>), Errno> {
    if replace {
        let (created, aside) = Aside::create(parent, create)?;
        return Ok((created, Some(aside)));
    }
    Ok((replacing(parent, name, create)?, None))
}

/// A directory below another one, through no link.
pub(crate) fn beneath(directory: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(directory, path, flags, Mode::empty(), inside)
}

/// Creates something, once more after removing what is in its way. A directory is not removed.
fn replacing<T>(
    parent: BorrowedFd<'_>,
    name: &OsStr,
    create: impl Fn(&OsStr) -> Result<T, Errno>,
) -> Result<T, Errno> {
    match create(name) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(parent, name, AtFlags::empty())?;
            create(name)
        }
        result => result,
    }
}

/// Permission bits that this process withholds from what it creates (proc_pid_status(5)); where that
/// cannot be known, all of them: then each file is given its bits anew.
fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(ORDINARY)
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
