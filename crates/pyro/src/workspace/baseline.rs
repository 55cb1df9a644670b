//! The baseline: the workspace as it was at the end of its creation, immutable from then on and never
//! reachable from the guest. That of an empty workspace is an empty disk, and takes no space.

use super::disk_of;
use super::record::Baseline;
use crate::error::{AtPath, Result};
use crate::guest::{freeze, tree};
use crate::shim::Client;
use crate::store::Item;
use crate::vm::start::DISK_BYTES;
use crate::{disk, durable};
use pyro_proto::request::Request;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the guest's disk stays frozen for a copy at most: nobody works in a workspace that is being
/// made.
const FROZEN: Duration = Duration::from_secs(600);

/// The baseline of a workspace that begins empty.
pub(super) fn empty() -> Baseline {
    Baseline { manifest_checksum: None, entry_count: 0, bytes_written: 0 }
}

/// Takes the baseline of a workspace that has just been seeded with so many entries and bytes.
pub(super) async fn take(
    item: &Item,
    shim: &Client,
    entry_count: u64,
    bytes_written: u64,
) -> Result<Baseline> {
    let manifest = tree::take_manifest(shim.guest(Request::TakeManifest).await?).await?;
    let limit_ms = u64::try_from(FROZEN.as_millis()).unwrap_or(u64::MAX);
    let frozen = freeze::freeze(shim.guest(Request::Freeze { limit_ms }).await?).await?;
    copy(disk_of(item.path()), path(item.path())).await?;
    frozen.thaw().await?;
    let manifest_checksum = Some(manifest.checksum);
    Ok(Baseline { manifest_checksum, entry_count, bytes_written })
}

/// Gives a workspace that does not run the disk that it began with.
pub(super) async fn put_back(item: &Item, baseline: &Baseline) -> Result<()> {
    let (disk, aside) = (disk_of(item.path()), item.path().join("disk.new"));
    match fs::remove_file(&aside) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        removed => removed.at("remove", &aside)?,
    }
    if baseline.manifest_checksum.is_some() {
        copy(path(item.path()), aside.clone()).await?;
    } else {
        disk::create(&aside, DISK_BYTES)?;
    }
    Ok(durable::move_into_place(&aside, &disk)?)
}

/// Copying takes a while where the file system cannot share.
async fn copy(from: PathBuf, to: PathBuf) -> Result<()> {
    let copying = tokio::task::spawn_blocking(move || {
        let from = File::open(&from).at("read", &from)?;
        disk::copy(&from, &to).map(drop).map_err(crate::Error::from)
    });
    // it is never aborted, so all that can be wrong with it is a panic
    copying.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// Where it is, if it is a disk of its own.
pub(super) fn path(workspace: &Path) -> PathBuf {
    workspace.join("baseline")
}
