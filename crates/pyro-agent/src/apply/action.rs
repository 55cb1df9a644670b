//! The steps of a patch: what each does, and how it is taken back. Taking back asks the disk how far things
//! got, so that it may be done after any end, and again.

use super::stage::{Stage, file_name};
use super::{CHUNK, parent};
use crate::files::describe::kind;
use crate::files::walk::Walk;
use crate::files::{READ_DIRECTORY, refusal};
use crc32c::crc32c_append;
use pyro_proto::tree::{Before, Kind};
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Read};

/// One step. Names are those of the stage, inodes those of the files that come from there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Action {
    /// Takes out what is at a path; none before: a directory that holds nothing but directories.
    Take { path: GuestPath, name: String, before: Option<Before> },
    /// Makes a directory.
    Make { path: GuestPath },
    /// Puts a file where nothing is.
    Put { path: GuestPath, name: String, inode: u64 },
    /// Puts a file in the place of another, which gets its name in the stage.
    Exchange { path: GuestPath, name: String, inode: u64, before: Before },
}

/// Why a step was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something else was there.
    Differs(GuestPath),
    /// The kernel said no.
    Refused(Refusal),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Refused(crate::disk::unsynced(&error))
    }
}

/// Takes the steps in their order, up to the first that fails.
pub(super) fn perform(stage: &Stage, actions: &[Action]) -> Result<(), Failure> {
    actions.iter().try_for_each(|action| action.perform(stage))
}

/// Takes back what was done of the steps. What the guest has put in a file's place since then stays.
pub(super) fn undo(stage: &Stage, actions: &[Action]) {
    for action in actions.iter().rev() {
        // the guest may have made it impossible, or it was never done
        let _ = action.undo(stage);
    }
}

impl Action {
    fn path(&self) -> &GuestPath {
        match self {
            Self::Take { path, .. }
            | Self::Make { path }
            | Self::Put { path, .. }
            | Self::Exchange { path, .. } => path,
        }
    }

    fn perform(&self, stage: &Stage) -> Result<(), Failure> {
        let path = self.path();
        let expected = self.step(stage).map_err(|error| match error {
            Errno::NOENT | Errno::NOTDIR | Errno::EXIST | Errno::NOTEMPTY | Errno::ISDIR => {
                Failure::Differs(path.clone())
            }
            error => Failure::Refused(refusal("change", path, error)),
        })?;
        if expected { Ok(()) } else { Err(Failure::Differs(path.clone())) }
    }

    /// False if something else was there than must be.
    fn step(&self, stage: &Stage) -> Result<bool, Errno> {
        let place = stage.place(parent(self.path()).as_ref())?;
        let (at, staged) = (file_name(self.path()), stage.directory());
        match self {
            Self::Take { name, before, .. } => {
                rename(&place, at, staged, name, RenameFlags::NOREPLACE)?;
                match before {
                    Some(before) => is(stage, name, before),
                    None => is_empty(stage, name),
                }
            }
            Self::Make { .. } => {
                rustix::fs::mkdirat(&place, at, Mode::from_raw_mode(0o755))?;
                Ok(true)
            }
            Self::Put { name, .. } => {
                rename(staged, name, &place, at, RenameFlags::NOREPLACE)?;
                Ok(true)
            }
            Self::Exchange { name, before, .. } => {
                rename(staged, name, &place, at, RenameFlags::EXCHANGE)?;
                is(stage, name, before)
            }
        }
    }

    fn undo(&self, stage: &Stage) -> Result<(), Errno> {
        let place = stage.place(parent(self.path()).as_ref())?;
        let (at, staged) = (file_name(self.path()), stage.directory());
        match self {
            Self::Take { name, .. } => rename(staged, name, &place, at, RenameFlags::NOREPLACE),
            Self::Make { .. } => rustix::fs::unlinkat(&place, at, AtFlags::REMOVEDIR),
            Self::Put { name, inode, .. } => match is_inode(stage, self.path(), *inode)? {
                true => rename(&place, at, staged, name, RenameFlags::NOREPLACE),
                false => Ok(()),
            },
            Self::Exchange { name, inode, .. } => match is_inode(stage, self.path(), *inode)? {
                true => rename(staged, name, &place, at, RenameFlags::EXCHANGE),
                false => Ok(()),
            },
        }
    }
}

fn rename(
    from: impl std::os::fd::AsFd,
    old: impl rustix::path::Arg,
    to: impl std::os::fd::AsFd,
    new: impl rustix::path::Arg,
    flags: RenameFlags,
) -> Result<(), Errno> {
    rustix::fs::renameat_with(from, old, to, new, flags)
}

fn is_inode(stage: &Stage, path: &GuestPath, inode: u64) -> Result<bool, Errno> {
    Ok(stage.look(path)?.is_some_and(|stat| stat.st_ino == inode))
}

/// Whether what was taken out is what had to be there.
fn is(stage: &Stage, name: &str, before: &Before) -> Result<bool, Errno> {
    let stat = rustix::fs::statat(stage.directory(), name, AtFlags::SYMLINK_NOFOLLOW)?;
    if kind(&stat) != before.kind || crate::files::describe::size(&stat) != before.size {
        return Ok(false);
    }
    Ok(checksum(stage, name, &stat)? == before.checksum)
}

fn checksum(stage: &Stage, name: &str, stat: &Stat) -> Result<u32, Errno> {
    if kind(stat) == Kind::Symlink {
        let target = rustix::fs::readlinkat(stage.directory(), name, Vec::new())?;
        return Ok(crc32c::crc32c(target.as_bytes()));
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(stage.directory(), name, flags, Mode::empty())?;
    let mut file = File::from(file);
    let (mut chunk, mut sum) = (vec![0; CHUNK], 0);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(sum),
            Ok(n) => sum = crc32c_append(sum, chunk.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        }
    }
}

/// Whether a directory that was taken out holds nothing but directories.
fn is_empty(stage: &Stage, name: &str) -> Result<bool, Errno> {
    let directory = rustix::fs::openat(stage.directory(), name, READ_DIRECTORY, Mode::empty())?;
    let walked = || -> Result<bool, Refusal> {
        let mut walk = Walk::within(directory, b"")?;
        while walk.advance()? {
            let mode = walk.found().map_or(0, |found| found.stat.st_mode);
            if FileType::from_raw_mode(mode) != FileType::Directory {
                return Ok(false);
            }
        }
        Ok(true)
    };
    Ok(walked().unwrap_or(false))
}
