//! The guest's files as requests name them. Every path is resolved beneath one directory, so that an
//! agent in a process stays within its own, and always by the kernel (`openat2`), never by text.

use pyro_proto::{GuestPath, Refusal, RefusalCode};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The directory where guest paths lead: `/` in a machine, a private directory in a process.
#[derive(Debug)]
pub(crate) struct Root {
    directory: OwnedFd,
    path: PathBuf,
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
        let flags = OFlags::PATH | OFlags::DIRECTORY;
        self.resolve(path.as_os_str().as_ref(), flags).map_err(|e| refusal("open", path, e))
    }

    fn resolve(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let beneath = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let flags = flags | OFlags::CLOEXEC;
        rustix::fs::openat2(&self.directory, path, flags, Mode::empty(), beneath)
    }
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
