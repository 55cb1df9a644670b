//! The baseline: the workspace as it was at the end of its creation, immutable from then on and never
//! reachable from the guest. That of an empty workspace is an empty disk, and takes no space.

use super::WorkspaceError;
use super::capture::capture_running;
use super::record::Baseline;
use crate::error::Result;
use crate::guest::{freeze, tree};
use crate::shim::Client;
use crate::store::Item;
use pyro_proto::request::Request;
use std::path::{Path, PathBuf};

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
    freeze::sync(shim.guest(Request::Sync).await?).await?;
    if !capture_running(item, shim, path(item.path())).await? {
        return Err(WorkspaceError::NotFrozen.into());
    }
    let manifest_checksum = Some(manifest.checksum);
    Ok(Baseline { manifest_checksum, entry_count, bytes_written })
}

/// Where it is, if it is a disk of its own.
pub(super) fn path(workspace: &Path) -> PathBuf {
    workspace.join("baseline")
}
