//! One cgroup (version 2) per command. `cgroup.kill` (Linux 5.14) ends all of it in one step, whatever
//! it forks meanwhile; see `Documentation/admin-guide/cgroup-v2.rst` in the kernel's sources.

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The directory in the cgroup file system that holds one cgroup per command.
#[derive(Debug)]
pub(crate) struct Cgroups {
    directory: OwnedFd,
    next: AtomicU64,
    /// Commands that are over, but something they started is not.
    survivors: Mutex<Vec<String>>,
}

impl Cgroups {
    /// Makes `pyro` in the cgroup file system that is mounted at `hierarchy`.
    pub(crate) fn open(hierarchy: &Path) -> io::Result<Self> {
        let path = hierarchy.join("pyro");
        match rustix::fs::mkdir(&path, Mode::from_raw_mode(0o755)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let directory = rustix::fs::open(&path, DIRECTORY, Mode::empty())?;
        Ok(Self { directory, next: AtomicU64::new(1), survivors: Mutex::default() })
    }

    /// A new, empty cgroup.
    pub(super) fn make(&self) -> io::Result<Cgroup<'_>> {
        let name = format!("exec-{}", self.next.fetch_add(1, Ordering::Relaxed));
        rustix::fs::mkdirat(&self.directory, &name, Mode::from_raw_mode(0o755))?;
        let directory = rustix::fs::openat(&self.directory, &name, DIRECTORY, Mode::empty())?;
        Ok(Cgroup { cgroups: self, name, directory })
    }

    /// Kills whatever lives in any of them.
    pub(super) fn kill(&self) {
        kill(&self.directory);
    }

    /// Removes the cgroups of commands that are over where nothing lives any more.
    pub(super) fn sweep(&self) {
        self.survivors().retain(|name| !self.remove(name));
    }

    /// Removes one; false if something still lives in it.
    fn remove(&self, name: &str) -> bool {
        rustix::fs::unlinkat(&self.directory, name, AtFlags::REMOVEDIR) != Err(Errno::BUSY)
    }

    fn survivors(&self) -> MutexGuard<'_, Vec<String>> {
        self.survivors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// One command's cgroup; removed when dropped, or as soon as it is empty after that.
#[derive(Debug)]
pub(crate) struct Cgroup<'a> {
    cgroups: &'a Cgroups,
    name: String,
    directory: OwnedFd,
}

impl Cgroup<'_> {
    pub(super) fn admission(&self) -> io::Result<OwnedFd> {
        write_only(&self.directory, "cgroup.procs").map_err(Into::into)
    }

    pub(super) fn kill(&self) {
        kill(&self.directory);
    }
}

fn kill(cgroup: &OwnedFd) {
    if let Ok(kill) = write_only(cgroup, "cgroup.kill") {
        // it only fails where the cgroup is gone
        let _ = rustix::io::write(kill, b"1");
    }
}

fn write_only(cgroup: &OwnedFd, file: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::openat(cgroup, file, flags, Mode::empty())
}

impl Drop for Cgroup<'_> {
    fn drop(&mut self) {
        if !self.cgroups.remove(&self.name) {
            self.cgroups.survivors().push(std::mem::take(&mut self.name));
        }
    }
}
