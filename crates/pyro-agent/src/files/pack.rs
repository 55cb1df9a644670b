//! Packs a file or a directory into a tar archive: the same bytes for the same tree, in the order of
//! the names, in bounded memory. Symbolic links are packed, never followed; sockets, pipes and devices
//! are left out. Names are relative to the directory, which has no entry of its own.

use super::{CHUNK, Root, file_name, invalid};
use pyro_proto::request::TransferDone;
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::vec;
use tar::{Builder, EntryType, Header};

/// Packs what is at `path`; `without_git`, nothing that is in a `.git`.
///
/// # Errors
/// The refusal names what could not be read; a file that shrinks while it is read is an error.
pub(crate) fn pack(
    root: &Root,
    path: &GuestPath,
    without_git: bool,
    out: &mut impl Write,
) -> Result<TransferDone, Refusal> {
    let done = TransferDone { entries: 0, bytes: 0 };
    let mut packing = Packing { archive: Builder::new(out), without_git, done };
    match root.directory(path) {
        Ok(directory) => packing.directory(&directory)?,
        Err(refusal) if refusal.errno == Some(Errno::NOTDIR.raw_os_error()) => {
            let file = root.regular_file(path)?;
            packing.regular(file, Path::new(file_name(path)?))?;
        }
        Err(refusal) => return Err(refusal),
    }
    packing.archive.finish().map_err(|e| failed(Path::new("."), &e))?;
    Ok(packing.done)
}

struct Packing<W: Write> {
    archive: Builder<W>,
    without_git: bool,
    done: TransferDone,
}

/// A directory whose entries are being packed.
#[derive(Debug)]
struct Level {
    directory: OwnedFd,
    path: PathBuf,
    names: vec::IntoIter<OsString>,
}

impl Level {
    fn open(parent: BorrowedFd<'_>, name: &OsStr, path: PathBuf) -> Result<Self, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(parent, name, flags, Mode::empty())?;
        let mut names = Vec::new();
        for entry in Dir::read_from(&directory)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        names.sort_unstable();
        Ok(Self { directory, path, names: names.into_iter() })
    }
}

impl<W: Write> Packing<W> {
    /// Everything below `top`, depth first.
    fn directory(&mut self, top: &OwnedFd) -> Result<(), Refusal> {
        let open = |parent: BorrowedFd<'_>, name: &OsStr, path: PathBuf| {
            Level::open(parent, name, path.clone()).map_err(|e| failed(&path, &e.into()))
        };
        let mut levels = vec![open(top.as_fd(), OsStr::new("."), PathBuf::new())?];
        while let Some(level) = levels.last_mut() {
            let Some(name) = level.names.next() else {
                levels.pop();
                continue;
            };
            let path = level.path.join(&name);
            let is_directory = self.entry(level.directory.as_fd(), &name, &path)?;
            if is_directory && !(self.without_git && name == ".git") {
                let deeper = open(level.directory.as_fd(), &name, path)?;
                levels.push(deeper);
            }
        }
        Ok(())
    }

    /// Packs one entry; true if it is a directory, whose entries follow.
    fn entry(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        path: &Path,
    ) -> Result<bool, Refusal> {
        let stat = match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // deleted since its name was read
            Err(Errno::NOENT) => return Ok(false),
            Err(error) => return Err(failed(path, &error.into())),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.append(&mut header(&stat, EntryType::Directory, 0), path, io::empty())?;
                return Ok(true);
            }
            FileType::RegularFile => {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
                match rustix::fs::openat(parent, name, flags, Mode::empty()) {
                    Ok(file) => self.regular(file.into(), path)?,
                    Err(Errno::NOENT) => {}
                    Err(error) => return Err(failed(path, &error.into())),
                }
            }
            FileType::Symlink => self.symlink(parent, name, path, &stat)?,
            _ => {}
        }
        Ok(false)
    }

    fn regular(&mut self, file: File, path: &Path) -> Result<(), Refusal> {
        let stat = rustix::fs::fstat(&file).map_err(|e| failed(path, &e.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(invalid(format!("{} has changed its kind", shown(path))));
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let content = Exactly::of(file, size);
        self.append(&mut header(&stat, EntryType::Regular, size), path, content)?;
        self.done.bytes += size;
        Ok(())
    }

    fn symlink(
        &mut self,
        parent: BorrowedFd<'_>,
        name: &OsStr,
        path: &Path,
        stat: &Stat,
    ) -> Result<(), Refusal> {
        let target = rustix::fs::readlinkat(parent, name, Vec::new())
            .map_err(|e| failed(path, &e.into()))?;
        let mut header = header(stat, EntryType::Symlink, 0);
        self.point(&mut header, target.to_bytes()).map_err(|e| failed(path, &e))?;
        self.append(&mut header, path, io::empty())
    }

    /// Sets a link's target byte by byte; one that is too long for the header goes before it.
    fn point(&mut self, header: &mut Header, target: &[u8]) -> io::Result<()> {
        if target.len() < header.as_old().linkname.len() {
            return header.set_link_name_literal(target);
        }
        self.archive.append_pax_extensions([("linkpath", target)])
    }

    fn append(
        &mut self,
        header: &mut Header,
        path: &Path,
        content: impl Read,
    ) -> Result<(), Refusal> {
        let appended = self.archive.append_data(header, path, content);
        appended.map_err(|e| failed(path, &e))?;
        self.done.entries += 1;
        Ok(())
    }
}

/// What the kernel says of an entry, but for its name and where a link leads.
pub(super) fn header(stat: &Stat, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(stat.st_mode & 0o7777);
    header.set_uid(u64::from(stat.st_uid));
    header.set_gid(u64::from(stat.st_gid));
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
    header
}

/// As many bytes as the header has promised: a file that grows is cut there, one that shrinks is
/// an error, as the archive could not be read otherwise.
#[derive(Debug)]
pub(super) struct Exactly {
    left: u64,
    file: BufReader<File>,
}

impl Exactly {
    pub(super) fn of(file: File, size: u64) -> Self {
        Self { left: size, file: BufReader::with_capacity(CHUNK, file) }
    }
}

impl Read for Exactly {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = Read::by_ref(&mut self.file).take(self.left).read(into)?;
        if n == 0 && self.left > 0 && !into.is_empty() {
            return Err(io::Error::other("the file shrank while it was read"));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

pub(super) fn failed(path: &Path, error: &io::Error) -> Refusal {
    Refusal::from_io(&format!("cannot pack {}", shown(path)), error)
}

pub(super) fn shown(path: &Path) -> impl std::fmt::Display {
    path.as_os_str().as_bytes().escape_ascii()
}
