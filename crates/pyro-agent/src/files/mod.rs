//! The guest's files as requests name them. Every path is resolved beneath one directory, so that an
//! agent in a process stays within its own, and always by the kernel (`openat2`), never by text.

mod aside;
mod content;
pub(crate) mod describe;
mod edit;
mod list;
mod pack;
mod pack_root;
mod replace;
mod unpack;
pub(crate) mod walk;

pub(crate) use edit::edit;
pub(crate) use list::{line, list, stat};
pub(crate) use pack::pack;
pub(crate) use pack_root::pack_root;
pub(crate) use unpack::{beneath, unpack};
pub(crate) use walk::READ_DIRECTORY;

use pyro_proto::tree::MAX_PATH;
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// How much is read or written at once: one frame's worth.
const CHUNK: usize = 64 << 10;

/// The directory where guest paths lead: `/` in a machine, a private directory in a process.
#[derive(Debug)]
pub(crate) struct Root {
    directory: OwnedFd,
    path: PathBuf,
}

/// What becomes of symbolic links among a path's directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    /// The kernel follows them.
    Follow,
    /// They are an error.
    Refuse,
}

impl Root {
    /// Opens it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
        Ok(Self { directory, path: path.to_owned() })
    }

    /// Its own path, as the processes of the guest see it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An existing directory, to look up names in or to work in.
    ///
    /// # Errors
    /// The refusal names the path.
    pub(crate) fn directory(&self, path: &GuestPath) -> Result<OwnedFd, Refusal> {
        absolute(path)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        self.resolve(path.as_os_str().as_ref(), flags).map_err(|e| refusal("open", path, e))
    }

    /// A regular file to read. Nothing else is opened for long: a pipe or a device could hang.
    ///
    /// # Errors
    /// The refusal names the path.
    pub(crate) fn regular_file(&self, path: &GuestPath) -> Result<File, Refusal> {
        absolute(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = self.resolve(path.as_os_str().as_ref(), flags);
        let file = opened.map_err(|e| refusal("open", path, e))?;
        let stat = rustix::fs::fstat(&file).map_err(|e| refusal("read", path, e))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok(file.into()),
            _ => Err(invalid(format!("{path} is not a regular file"))),
        }
    }

    /// Whatever is there, opened only to be looked at; a symbolic link is not followed.
    ///
    /// # Errors
    /// The refusal names the path.
    pub(crate) fn look_at(&self, path: &GuestPath) -> Result<(OwnedFd, Stat), Refusal> {
        let opened = self.resolve(path.as_os_str().as_ref(), OFlags::PATH | OFlags::NOFOLLOW);
        let opened = opened.map_err(|e| refusal("look at", path, e))?;
        let stat = rustix::fs::fstat(&opened).map_err(|e| refusal("look at", path, e))?;
        Ok((opened, stat))
    }

    /// A directory that is made where it is missing, with its parents.
    ///
    /// # Errors
    /// The refusal names the path.
    pub(crate) fn make_directories(
        &self,
        path: &GuestPath,
        links: Links,
    ) -> Result<OwnedFd, Refusal> {
        absolute(path)?;
        let whole: &Path = path.as_os_str().as_ref();
        let made = match self.resolve_with(whole, OFlags::PATH | OFlags::DIRECTORY, links) {
            Err(Errno::NOENT) => self.make_missing(whole, links),
            found => found,
        };
        made.map_err(|e| refusal("make the directory", path, e))
    }

    /// From the outermost directory inwards.
    fn make_missing(&self, whole: &Path, links: Links) -> Result<OwnedFd, Errno> {
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        let ancestors: Vec<&Path> = whole.ancestors().collect();
        for at in ancestors.into_iter().rev() {
            let found = self.resolve_with(at, flags, links);
            if found.is_err_and(|error| error == Errno::NOENT) {
                self.make_directory(at, links)?;
            }
        }
        self.resolve_with(whole, flags, links)
    }

    fn make_directory(&self, path: &Path, links: Links) -> Result<(), Errno> {
        let parent = path.parent().ok_or(Errno::NOENT)?;
        let name = path.file_name().ok_or(Errno::INVAL)?;
        let parent = self.resolve_with(parent, OFlags::PATH | OFlags::DIRECTORY, links)?;
        rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755))
    }

    fn resolve(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        self.resolve_with(path, flags, Links::Follow)
    }

    fn resolve_with(&self, path: &Path, flags: OFlags, links: Links) -> Result<OwnedFd, Errno> {
        let mut beneath = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        if links == Links::Refuse {
            beneath |= ResolveFlags::NO_SYMLINKS;
        }
        let flags = flags | OFlags::CLOEXEC;
        rustix::fs::openat2(&self.directory, path, flags, Mode::empty(), beneath)
    }
}

/// Copies to the end; returns how many bytes.
pub(crate) fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK];
    let mut copied = 0;
    loop {
        let n = match from.read(&mut chunk) {
            Ok(0) => return Ok(copied),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        to.write_all(chunk.get(..n).unwrap_or_default())?;
        copied += n as u64;
    }
}

/// The last component of a path that names something in a directory.
fn file_name(path: &GuestPath) -> Result<&OsStr, Refusal> {
    let name = Path::new(path.as_os_str()).file_name();
    name.ok_or_else(|| invalid(format!("{path} does not name a file")))
}

fn absolute(path: &GuestPath) -> Result<(), Refusal> {
    if path.as_bytes().starts_with(b"/") {
        return Ok(());
    }
    Err(invalid(format!("{path} is not absolute")))
}

/// The same path by its names alone. One with `..` is refused: where that leads, the path that is
/// told with an entry would not say.
fn plain(path: &GuestPath) -> Result<GuestPath, Refusal> {
    absolute(path)?;
    let names = path.as_bytes().split(|byte| *byte == b'/');
    let mut plain = Vec::new();
    for name in names.filter(|name| !matches!(*name, b"" | b".")) {
        plain.push(b'/');
        plain.extend_from_slice(name);
    }
    let plain = GuestPath::new(if plain.is_empty() { b"/".to_vec() } else { plain });
    if plain.is_plain() && plain.as_bytes().len() <= MAX_PATH {
        return Ok(plain);
    }
    Err(invalid(format!("{path} is too long, or not a path without `..`")))
}

/// A refusal for a system call on a guest path.
pub(crate) fn refusal(action: &str, path: &GuestPath, error: Errno) -> Refusal {
    if error == Errno::LOOP {
        let message = format!("{path} is a symbolic link, or has too many on its way");
        return Refusal { errno: Some(error.raw_os_error()), ..invalid(message) };
    }
    Refusal::from_io(&format!("cannot {action} {path}"), &error.into())
}

/// A refusal for a request that cannot be meant.
pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Invalid, message)
}
