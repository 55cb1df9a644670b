//! An open directory as the only way to what lies below it.

use super::beneath::beneath;
use super::names::Names;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// An open directory.
#[derive(Debug)]
pub struct Directory(OwnedFd);

/// Which file it is, whatever it is called now: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl From<&Stat> for FileId {
    fn from(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

/// What opening a name for reading found.
#[derive(Debug)]
pub enum Regular {
    /// A regular file, with its status when it was opened.
    File(File, Box<Stat>),
    /// Something else: a link, a directory, a pipe, a device.
    Other,
    /// Nothing of that name.
    Gone,
}

impl Directory {
    /// Opens a directory by a path that a human has typed: links on the way are followed.
    ///
    /// # Errors
    /// Those of `open(2)`; `ENOTDIR` for anything but a directory.
    pub fn open(path: &Path) -> Result<Self, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, path, flags, Mode::empty()).map(Self)
    }

    /// Opens the directory `name` in this one.
    ///
    /// # Errors
    /// Those of `open(2)`; `ENOTDIR` or `ELOOP` for anything but a directory.
    pub fn enter(&self, name: &OsStr) -> Result<Self, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.0, name, flags, Mode::empty()).map(Self)
    }

    /// Opens the directory at `path` below this one; the empty path is this one again.
    ///
    /// # Errors
    /// Those of `openat2(2)`: `ELOOP` for a link on the way, `EXDEV` for a way that leads outside.
    pub fn descend(&self, path: &Path) -> Result<Self, Errno> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        beneath(&self.0, path, OFlags::RDONLY | OFlags::DIRECTORY).map(Self)
    }

    /// Opens the file `name` for reading, if it is a regular one. Neither a pipe nor a device can make
    /// this wait.
    ///
    /// # Errors
    /// Those of `open(2)`.
    pub fn regular_file(&self, name: &OsStr) -> Result<Regular, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = rustix::fs::openat(&self.0, name, flags | OFlags::CLOEXEC, Mode::empty());
        regular(opened)
    }

    /// As [`regular_file`](Self::regular_file), at `path` below this directory.
    ///
    /// # Errors
    /// Those of `openat2(2)`: `ELOOP` for a link on the way, `EXDEV` for a way that leads outside.
    pub fn regular_file_beneath(&self, path: &Path) -> Result<Regular, Errno> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        beneath(&self.0, path, flags).and_then(|file| regular(Ok(file)))
    }

    /// The status of `name`, of the link itself where it is one.
    ///
    /// # Errors
    /// Those of `fstatat(2)`.
    pub fn look(&self, name: &OsStr) -> Result<Stat, Errno> {
        rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// The status of this directory.
    ///
    /// # Errors
    /// Those of `fstat(2)`.
    pub fn status(&self) -> Result<Stat, Errno> {
        rustix::fs::fstat(&self.0)
    }

    /// Where the link `name` points.
    ///
    /// # Errors
    /// Those of `readlinkat(2)`.
    pub fn link_target(&self, name: &OsStr) -> Result<Vec<u8>, Errno> {
        rustix::fs::readlinkat(&self.0, name, Vec::new()).map(std::ffi::CString::into_bytes)
    }

    /// The names in it, in the order of their bytes; `None` for more than `max`.
    ///
    /// # Errors
    /// Those of `getdents64(2)`.
    pub fn names(&self, max: u64) -> Result<Option<Names>, Errno> {
        Names::read(self, max)
    }

    /// Another handle on the same directory.
    ///
    /// # Errors
    /// Those of `fcntl(2)`.
    pub fn duplicate(&self) -> Result<Self, Errno> {
        rustix::io::fcntl_dupfd_cloexec(&self.0, 0).map(Self)
    }
}

/// What is known to be a directory, opened for reading.
impl From<OwnedFd> for Directory {
    fn from(directory: OwnedFd) -> Self {
        Self(directory)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn regular(opened: Result<OwnedFd, Errno>) -> Result<Regular, Errno> {
    let file = match opened {
        Ok(file) => file,
        // a link (ELOOP), a socket (ENXIO), a device without a driver (ENODEV)
        Err(Errno::LOOP | Errno::NXIO | Errno::NODEV) => return Ok(Regular::Other),
        Err(Errno::NOENT) => return Ok(Regular::Gone),
        Err(error) => return Err(error),
    };
    let stat = rustix::fs::fstat(&file)?;
    Ok(match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Regular::File(file.into(), Box::new(stat)),
        _ => Regular::Other,
    })
}
