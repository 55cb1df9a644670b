//! Takes a manifest: a kill at any moment leaves the one before, or this one.

use super::fingerprint::Fingerprint;
use super::write::{Writer, Written};
use super::{NAME, NEW, clock};
use crate::disk::Disk;
use crate::files::describe::link_target;
use crate::files::walk::Walk;
use pyro_proto::Refusal;
use pyro_proto::tree::{Kind, ManifestTaken};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

/// Notes what the workspace holds now. What changes while this runs may be noted as it was before or
/// after; a later comparison finds it either way. Two at the same time would write into each
/// other's file: the caller sees to that.
///
/// # Errors
/// The workspace cannot be walked, or the disk is full.
pub(crate) fn take(disk: &Disk) -> Result<ManifestTaken, Refusal> {
    let own = disk.own_directory().map_err(|e| failed(&e))?;
    let tick = clock::next_tick();
    let workspace = disk.workspace().map_err(|e| Refusal::from_io("cannot open /workspace", &e))?;
    let walk = Walk::within(workspace, b"")?;
    let writer = create(&own).and_then(Writer::new).map_err(|e| failed(&e))?;
    let Written { entries, bytes, checksum } = write(walk, writer, tick)?;
    put(&own).map_err(|e| failed(&e))?;
    Ok(ManifestTaken { entries, bytes, checksum: format!("{checksum:08x}") })
}

fn create(own: &OwnedFd) -> io::Result<File> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(own, NEW, flags, Mode::from_raw_mode(0o600))?.into())
}

fn write(mut walk: Walk, mut writer: Writer, tick: i64) -> Result<Written, Refusal> {
    while walk.advance()? {
        let Some(found) = walk.found() else { continue };
        let fingerprint = Fingerprint::of(&found)?;
        let is_link = fingerprint.kind == Some(Kind::Symlink);
        let target = is_link.then(|| link_target(found.directory, found.name)).flatten();
        let name = found.name.to_bytes();
        let known = fingerprint.taken_since(tick);
        writer.add(found.depth, name, &known, target.as_ref()).map_err(|e| failed(&e))?;
        if fingerprint.kind.is_none() {
            walk.stay_out();
        }
    }
    writer.finish().map_err(|e| failed(&e))
}

fn put(own: &OwnedFd) -> io::Result<()> {
    rustix::fs::renameat(own, NEW, own, NAME)?;
    Ok(rustix::fs::fsync(own)?)
}

fn failed(error: &io::Error) -> Refusal {
    Refusal::from_io("cannot write the manifest", error)
}
