//! The workspace's disk as a whole: what requests about all of it need. The agent keeps the mount
//! only as a descriptor, so nothing in the guest's own tree leads to the agent's files on it.

use crate::agent::Place;
use crate::files::READ_DIRECTORY;
use crate::sys;
use pyro_proto::{Refusal, RefusalCode};
use rustix::fs::Mode;
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// The disk of a machine; for an agent in a process, its directory in place of one.
#[derive(Debug)]
pub(crate) struct Disk {
    top: OwnedFd,
    place: Place,
}

impl Disk {
    /// The mounted disk of a machine, opened for reading.
    pub(crate) fn of_machine(top: OwnedFd) -> Self {
        Self { top, place: Place::Machine }
    }

    /// The directory of an agent in a process.
    pub(crate) fn of_process(root: &Path) -> io::Result<Self> {
        let top = rustix::fs::open(root, READ_DIRECTORY, Mode::empty())?;
        Ok(Self { top, place: Place::Process })
    }

    /// What the guest sees as `/workspace`, even where something else is mounted on that.
    pub(crate) fn workspace(&self) -> io::Result<OwnedFd> {
        Ok(rustix::fs::openat(&self.top, "workspace", READ_DIRECTORY, Mode::empty())?)
    }

    /// The directory for the agent's own files, made where it is missing.
    pub(crate) fn own_directory(&self) -> io::Result<OwnedFd> {
        let name = match self.place {
            Place::Machine => "pyro",
            Place::Process => ".pyro",
        };
        match rustix::fs::mkdirat(&self.top, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(rustix::fs::openat(&self.top, name, READ_DIRECTORY, Mode::empty())?)
    }

    /// Writes everything that the guest has changed to the disk. The files of a process are the
    /// host's, and outlive the agent without that.
    pub(crate) fn sync(&self) -> io::Result<()> {
        match self.place {
            Place::Machine => Ok(rustix::fs::syncfs(&self.top)?),
            Place::Process => Ok(()),
        }
    }

    /// [`Disk::sync`] for those who cannot block.
    ///
    /// # Errors
    /// The disk is full or broken: something is not written.
    pub(crate) async fn synced(self: &Arc<Self>) -> Result<(), Refusal> {
        let disk = self.clone();
        match spawn_blocking(move || disk.sync()).await {
            Ok(synced) => synced.map_err(|e| unsynced(&e)),
            Err(_) => Err(Refusal::new(RefusalCode::Failed, "writing to the disk has stopped")),
        }
    }
}

/// The refusal for a failed [`Disk::sync`].
pub(crate) fn unsynced(error: &io::Error) -> Refusal {
    Refusal::from_io("cannot write everything to the workspace's disk", error)
}

/// The disk does not change while this is there.
#[derive(Debug)]
pub(crate) struct Ice {
    disk: Arc<Disk>,
    melted: bool,
}

impl Ice {
    /// Writes everything to the disk, then stops every write; who tries one waits. For a process
    /// nothing is stopped.
    pub(crate) fn over(disk: &Arc<Disk>) -> io::Result<Self> {
        if disk.place == Place::Machine {
            sys::freeze(&disk.top)?;
        }
        Ok(Self { disk: disk.clone(), melted: false })
    }

    /// Lets the writes go on.
    ///
    /// # Errors
    /// It was not frozen any more: a process of the guest has thawed it.
    pub(crate) fn melt(mut self) -> io::Result<()> {
        self.thaw()
    }

    fn thaw(&mut self) -> io::Result<()> {
        self.melted = true;
        match self.disk.place {
            Place::Machine => Ok(sys::thaw(&self.disk.top)?),
            Place::Process => Ok(()),
        }
    }
}

impl Drop for Ice {
    fn drop(&mut self) {
        if !self.melted {
            // one that is not frozen needs no thaw
            let _ = self.thaw();
        }
    }
}
