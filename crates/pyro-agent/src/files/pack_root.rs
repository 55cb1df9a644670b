//! Packs the whole root file system into a tar archive, as an image of it is made: owners, all permission
//! bits, extended attributes, devices and hard links. What is mounted in it stays out, and the workspace;
//! sockets, which nobody listens to any more, are left out. Memory: the names of the directories on the way
//! down, and of the files that have more than one.

use super::pack::{Exactly, failed, header, shown};
use super::walk::{Found, Walk};
use super::{READ_DIRECTORY, Root, invalid};
use crate::agent::Place;
use pyro_proto::request::TransferDone;
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::mount::OpenTreeFlags;
use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// Not a part of the root: it is mounted there at every start.
const WORKSPACE: &[u8] = b"workspace";
/// What overlayfs notes for itself.
const OVERLAYFS: &[u8] = b"trusted.overlay.";
/// The most that the names of an entry's attributes take, and one value: `XATTR_LIST_MAX` and
/// `XATTR_SIZE_MAX` of `linux/limits.h`.
const MAX_ATTRIBUTES: usize = 64 << 10;

/// Packs everything in the root.
///
/// # Errors
/// The refusal names what could not be read; a file that shrinks while it is read is an error.
pub(crate) fn pack_root(
    root: &Root,
    place: Place,
    out: &mut impl Write,
) -> Result<TransferDone, Refusal> {
    let top = match place {
        Place::Machine => without_mounts().map_err(|e| failed(Path::new("/"), &e.into()))?,
        Place::Process => root.directory(&GuestPath::from("/"))?,
    };
    let done = TransferDone { entries: 0, bytes: 0 };
    let mut packing = Packing { archive: Builder::new(out), done, named: HashMap::new() };
    let top = rustix::fs::openat(&top, ".", READ_DIRECTORY, Mode::empty())
        .map_err(|e| failed(Path::new("/"), &e.into()))?;
    packing.top(&top)?;
    let mut walk = Walk::within(top, b"")?;
    while walk.advance()? {
        let Some(found) = walk.found() else { break };
        if found.path == WORKSPACE {
            walk.stay_out();
        } else {
            packing.entry(found)?;
        }
    }
    packing.archive.finish().map_err(|e| failed(Path::new("."), &e))?;
    Ok(packing.done)
}

/// The root as it is below everything that is mounted in it.
fn without_mounts() -> Result<OwnedFd, Errno> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    rustix::mount::open_tree(CWD, "/", flags)
}

struct Packing<W: Write> {
    archive: Builder<W>,
    done: TransferDone,
    /// Which name a file with several was packed under.
    named: HashMap<(u64, u64), PathBuf>,
}

impl<W: Write> Packing<W> {
    /// The root itself.
    fn top(&mut self, directory: &OwnedFd) -> Result<(), Refusal> {
        let path = Path::new("./");
        let stat = rustix::fs::fstat(directory).map_err(|e| failed(path, &e.into()))?;
        self.attributes(directory.as_fd(), c".", path)?;
        self.append(&mut header(&stat, EntryType::Directory, 0), path, io::empty())
    }

    fn entry(&mut self, found: Found<'_>) -> Result<(), Refusal> {
        let Found { stat, directory, name, path, .. } = found;
        let path = Path::new(OsStr::from_bytes(path));
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Socket {
            return Ok(());
        }
        if kind != FileType::Directory && stat.st_nlink > 1 {
            if let Some(first) = self.named.get(&(stat.st_dev, stat.st_ino)).cloned() {
                return self.hard_link(stat, path, &first);
            }
            self.named.insert((stat.st_dev, stat.st_ino), path.to_owned());
        }
        match kind {
            FileType::RegularFile => self.regular(directory, name, path),
            FileType::Symlink => self.symlink(found, path),
            kind => {
                self.attributes(directory, name, path)?;
                let mut header = special(stat, kind).map_err(|e| failed(path, &e))?;
                self.append(&mut header, path, io::empty())
            }
        }
    }

    fn regular(
        &mut self,
        directory: BorrowedFd<'_>,
        name: &CStr,
        path: &Path,
    ) -> Result<(), Refusal> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            // deleted since its name was read
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(failed(path, &error.into())),
        };
        let stat = rustix::fs::fstat(&file).map_err(|e| failed(path, &e.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(invalid(format!("{} has changed its kind", shown(path))));
        }
        self.attributes(directory, name, path)?;
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let mut header = header(&stat, EntryType::Regular, size);
        self.append(&mut header, path, Exactly::of(file, size))?;
        self.done.bytes += size;
        Ok(())
    }

    fn symlink(&mut self, found: Found<'_>, path: &Path) -> Result<(), Refusal> {
        let target = rustix::fs::readlinkat(found.directory, found.name, Vec::new())
            .map_err(|e| failed(path, &e.into()))?;
        self.attributes(found.directory, found.name, path)?;
        let mut header = header(found.stat, EntryType::Symlink, 0);
        self.point(&mut header, target.to_bytes()).map_err(|e| failed(path, &e))?;
        self.append(&mut header, path, io::empty())
    }

    fn hard_link(&mut self, stat: &Stat, path: &Path, first: &Path) -> Result<(), Refusal> {
        let mut header = header(stat, EntryType::Link, 0);
        self.point(&mut header, first.as_os_str().as_bytes()).map_err(|e| failed(path, &e))?;
        self.append(&mut header, path, io::empty())
    }

    /// Sets where a link leads byte by byte; what is too long for the header goes before it.
    fn point(&mut self, header: &mut Header, target: &[u8]) -> io::Result<()> {
        if target.len() < header.as_old().linkname.len() {
            return header.set_link_name_literal(target);
        }
        self.archive.append_pax_extensions([("linkpath", target)])
    }

    /// Puts the extended attributes before the entry that has them.
    fn attributes(
        &mut self,
        directory: BorrowedFd<'_>,
        name: &CStr,
        path: &Path,
    ) -> Result<(), Refusal> {
        let found = attributes(directory, name).map_err(|e| failed(path, &e.into()))?;
        for (name, value) in found {
            let key = format!("SCHILY.xattr.{name}");
            let record = [(&*key, &*value)];
            self.archive.append_pax_extensions(record).map_err(|e| failed(path, &e))?;
        }
        Ok(())
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

/// The header of what has no content: a directory, a pipe, a device.
fn special(stat: &Stat, kind: FileType) -> io::Result<Header> {
    let entry = match kind {
        FileType::Directory => return Ok(header(stat, EntryType::Directory, 0)),
        FileType::Fifo => return Ok(header(stat, EntryType::Fifo, 0)),
        FileType::CharacterDevice => EntryType::Char,
        FileType::BlockDevice => EntryType::Block,
        _ => return Err(io::ErrorKind::Unsupported.into()),
    };
    let mut header = header(stat, entry, 0);
    header.set_device_major(rustix::fs::major(stat.st_rdev))?;
    header.set_device_minor(rustix::fs::minor(stat.st_rdev))?;
    Ok(header)
}

/// The extended attributes of an entry, which may be a link; none where its file system has none.
fn attributes(directory: BorrowedFd<'_>, name: &CStr) -> Result<Vec<(String, Vec<u8>)>, Errno> {
    // no call of the kernels that guests boot takes a directory's descriptor and a name
    let mut place = format!("/proc/self/fd/{}/", directory.as_raw_fd()).into_bytes();
    place.extend_from_slice(name.to_bytes());
    let place = CString::new(place).map_err(|_| Errno::INVAL)?;
    let mut names = Vec::new();
    match rustix::fs::llistxattr_query(&*place) {
        Ok(0) | Err(Errno::OPNOTSUPP | Errno::NOENT) => return Ok(names),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let mut list = vec![0; MAX_ATTRIBUTES];
    let length = rustix::fs::llistxattr(&*place, &mut list[..])?;
    let listed = list.get(..length).unwrap_or_default().split(|byte| *byte == 0);
    for name in listed.filter(|name| !name.is_empty() && !name.starts_with(OVERLAYFS)) {
        let mut value = vec![0; MAX_ATTRIBUTES];
        let length = match rustix::fs::lgetxattr(&*place, name, &mut value[..]) {
            Ok(length) => length,
            Err(Errno::NODATA) => continue,
            Err(error) => return Err(error),
        };
        value.truncate(length);
        names.push((String::from_utf8_lossy(name).into_owned(), value));
    }
    Ok(names)
}
