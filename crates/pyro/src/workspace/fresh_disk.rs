//! Another disk in place of a workspace's own: made beside it, and put in its place in one step.

use super::capture::copy;
use super::disk_of;
use crate::error::{AtPath, PathError, Result};
use crate::store::Item;
use crate::vm::start::DISK_BYTES;
use crate::{disk, durable};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a disk begins with.
#[derive(Debug)]
pub(super) enum Origin {
    /// An empty file system.
    Nothing,
    /// What this disk, which nobody writes, holds.
    Disk(PathBuf),
}

/// A disk that waits for its place.
#[derive(Debug)]
pub(super) struct FreshDisk {
    aside: PathBuf,
    place: PathBuf,
}

/// Makes it. The caller has the workspace's turn.
pub(super) async fn fresh_disk(item: &Item, origin: &Origin) -> Result<FreshDisk> {
    discard(item)?;
    let aside = aside(item);
    match origin {
        Origin::Nothing => drop(disk::create(&aside, DISK_BYTES)?),
        Origin::Disk(from) => copy(from.clone(), aside.clone()).await?,
    }
    Ok(FreshDisk { aside, place: disk_of(item.path()) })
}

/// Whether the disk that the workspace has takes more room than one of this origin needs: then giving it up
/// first makes the other possible.
pub(super) fn would_make_room(item: &Item, origin: &Origin) -> bool {
    let taken = |path: &Path| path.metadata().map_or(0, |m| m.blocks());
    let needed = match origin {
        Origin::Nothing => 0,
        Origin::Disk(from) => taken(from),
    };
    taken(&disk_of(item.path())) > needed
}

/// Gives up the disk that the workspace has. Emptied first: the mounts of an ended machine's jail, which the
/// kernel takes apart later, would keep what it holds until then.
pub(super) fn give_up(item: &Item) -> Result<(), PathError> {
    let disk = disk_of(item.path());
    let file = File::options().write(true).open(&disk).at("open", &disk)?;
    file.set_len(0).at("empty", &disk)?;
    fs::remove_file(&disk).at("remove", &disk)
}

impl FreshDisk {
    /// Gives it its place. Nobody may use the disk that was there.
    pub(super) fn install(self) -> Result<(), PathError> {
        durable::move_into_place(&self.aside, &self.place)
    }
}

/// Whether a kill has left a disk that nobody waits for, or somebody makes one.
pub(super) fn is_left(item: &Item) -> bool {
    remains(item).iter().any(|path| path.exists())
}

/// Removes what a kill has left. The caller has the workspace's turn.
pub(super) fn discard(item: &Item) -> Result<(), PathError> {
    for path in remains(item) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed.at("remove", &path)?,
        }
    }
    Ok(())
}

fn aside(item: &Item) -> PathBuf {
    item.path().join("disk.new")
}

/// The disk, and the copy that it is while it is not whole.
fn remains(item: &Item) -> [PathBuf; 2] {
    [aside(item), item.path().join("disk.new.new")]
}
