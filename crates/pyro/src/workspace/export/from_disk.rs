//! What is exported is read from the workspace's disk: a process in the jail says what there is and where its
//! content lies, and the host copies that from the disk to the new files. The machine stands still until
//! then; where the file system of the host shares blocks, only until there is a clone of the disk.
//!
//! Only a disk that is in order is read so, which it is where the guest has frozen it: then nothing waits in
//! its journal, where else the content of a file could be, too.

use super::{Workspace, advance, mounts};
use crate::confined::{Confined, ConfinedError, Confinement, Planned};
use crate::disk;
use crate::error::{AtPath, PathError, Result};
use crate::event::Observer;
use crate::export::{Entry, ExportError, Exported, Maker, Making, NewFile, Plan, Shape, What};
use crate::shim::Standing;
use crate::workspace::disk_of;
use crate::workspace::offline::disk_path;
use pyro_proto::GuestPath;
use pyro_proto::tree::{self, Kind};
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;

/// Why a path was not exported from the disk.
#[derive(Debug)]
enum Failure {
    /// The disk does not tell: the guest is to be asked.
    NotTold,
    Export(ExportError),
    Disk(ConfinedError),
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Self::Export(error)
    }
}

impl From<ConfinedError> for Failure {
    fn from(error: ConfinedError) -> Self {
        match error {
            // what its reader cannot find or understand, its kernel may
            ConfinedError::Refused { .. } => Self::NotTold,
            error => Self::Disk(error),
        }
    }
}

/// Exports a path from the disk. None where only the guest can tell what is there: outside `/workspace`, through
/// a link, in something that is mounted there, on a disk that is not in order, or where there is none.
pub(super) async fn export(
    workspace: &Workspace,
    path: &str,
    plan: Plan,
    observer: Observer<'_>,
) -> Result<Option<Exported>> {
    let Ok((below, _)) = disk_path(path) else { return Ok(None) };
    let Some(mut disk) = opened(workspace)? else { return Ok(None) };
    if !mounts::are_none_in(workspace).await {
        return Ok(None);
    }
    let mut standing = Some(workspace.shim.still().await?);
    if let Some(clone) = disk::clone_aside(&disk, workspace.item.path())? {
        disk = clone;
        go_on(&mut standing).await;
    }
    let source = Source { confinement: Confinement::of(&workspace.config, workspace.id()), disk };
    let (shape, limit) = (plan.shape, plan.limits.max_entries.saturating_add(1));
    let mut making = Making::begin(plan, move |maker| source.tell(&below, shape, limit, maker))?;
    watch(&mut making, observer).await;
    go_on(&mut standing).await;
    match making.complete().await {
        Ok(exported) => Ok(Some(exported)),
        Err(Failure::NotTold) => Ok(None),
        Err(Failure::Export(error)) => Err(error.into()),
        Err(Failure::Disk(error)) => Err(error.into()),
    }
}

/// The disk, where there is one that may be read: a machine's own user may be another one.
fn opened(workspace: &Workspace) -> Result<Option<File>> {
    let path = disk_of(workspace.item.path());
    match File::open(&path) {
        Ok(disk) => Ok(Some(disk)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {
            Ok(None)
        }
        Err(error) => Ok(Err(error).at("open", &path)?),
    }
}

async fn go_on(standing: &mut Option<Standing>) {
    if let Some(standing) = standing.take() {
        standing.go_on().await;
    }
}

/// Tells of progress until all content is there.
async fn watch(making: &mut Making<Failure>, observer: Observer<'_>) {
    let mut bytes = making.progress();
    let mut filled = std::pin::pin!(making.filled());
    loop {
        tokio::select! {
            () = &mut filled => return,
            Ok(()) = bytes.changed() => advance(observer, *bytes.borrow_and_update()),
        }
    }
}

/// A disk that nobody writes.
struct Source {
    confinement: Confinement,
    disk: File,
}

impl Source {
    /// Tells `maker` what the disk has at a path.
    fn tell(
        &self,
        below: &GuestPath,
        shape: Shape,
        limit: u64,
        maker: &mut Maker<'_>,
    ) -> Result<(), Failure> {
        let mut reader = Confined::start(&self.confinement, self.reopened()?)?;
        let mut file: Option<NewFile> = None;
        let mut is_there = shape == Shape::Directory;
        let truncated = reader.plan(below, limit, |step| match step {
            Planned::Entry { path, entry } => {
                if path.is_empty() != (shape == Shape::File) {
                    return Err(Failure::NotTold); // it has changed its kind
                }
                is_there = true;
                file.take().map_or(Ok(()), NewFile::finish)?;
                if let Some(what) = what(entry) {
                    file = maker.make(&Entry { path, what })?;
                }
                Ok(())
            }
            // that of what is left out is passed over
            Planned::Run(run) => match &mut file {
                Some(file) => Ok(file.copy(&self.disk, run)?),
                None => Ok(()),
            },
        })?;
        file.map_or(Ok(()), NewFile::finish)?;
        if truncated || !is_there { Err(Failure::NotTold) } else { Ok(()) }
    }

    /// The same disk, opened for reading only and for itself: who shares an open file shares its flags.
    fn reopened(&self) -> Result<File, ExportError> {
        let path = format!("/proc/self/fd/{}", self.disk.as_raw_fd());
        let opened: Result<File, PathError> = File::open(&path).at("open", path.as_ref());
        Ok(opened?)
    }
}

/// Pipes, sockets and devices are not exported.
fn what(entry: &tree::Entry) -> Option<What<'_>> {
    match (entry.kind, &entry.link_target) {
        (Kind::File, _) => {
            Some(What::File { size: entry.size, executable: entry.mode & 0o100 != 0 })
        }
        (Kind::Directory, _) => Some(What::Directory),
        (Kind::Symlink, Some(target)) => Some(What::Link { target: target.as_bytes() }),
        _ => None,
    }
}
