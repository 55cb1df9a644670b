//! Puts a workspace back to a snapshot: a fresh machine on a copy of that disk, root file system included.
//! What was done since is gone, the history of its commands and its services too.

use super::find::{find, record_of};
use super::fresh_disk::{Origin, fresh_disk, give_up, would_make_room};
use super::record::WorkspaceRecord;
use super::snapshot::{self, Snapshot, SnapshotKind};
use super::state::Verb;
use super::status::{WorkspaceStatus, state_of, status_of};
use super::sweep::sweep;
use super::{WORKSPACE_PATH, WorkspaceError, baseline, machine_of, open};
use crate::clock::now;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::journal;
use crate::service;
use crate::shim::{Manner, end};
use crate::store::Item;
use serde::Serialize;

pub use super::snapshot::BASELINE;

/// A workspace after a reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkspaceReset {
    /// What it is now.
    #[serde(flatten)]
    pub workspace: WorkspaceStatus,
    /// What was done.
    pub workspace_reset: Reset,
}

/// A reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reset {
    /// To which snapshot.
    pub snapshot_name: String,
    /// Where that comes from.
    pub kind: SnapshotKind,
    /// Where its files are in the guest.
    pub destination: String,
    /// Files, directories and links of the snapshot, where they were counted.
    pub entry_count: Option<u64>,
    /// Bytes of their content.
    pub bytes_written: Option<u64>,
}

/// Resets the workspace with this id, name, or beginning of either, and starts it. What it is to be
/// reset to is found and copied before anything of it is given up, unless there is no room for both.
///
/// # Errors
/// If there is no such workspace or snapshot, or it does not boot again: then it is stopped, and reset.
pub async fn reset(
    config: &Config,
    wanted: &str,
    snapshot: &str,
    observer: Observer<'_>,
) -> Result<WorkspaceReset> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let turn = item.turn().await?;
    let mut record = record_of(&item)?;
    state_of(config, &item, &record)?.0.permit(Verb::Reset, item.id())?;
    let (snapshot, origin) = find_snapshot(&item, &record, snapshot)?;
    let disk = match fresh_disk(&item, &origin).await {
        Err(error) if error.code() == "no_space" && would_make_room(&item, &origin) => {
            // what fills the host's disk may be what is to be given up
            end(&machine_of(config, &item), Manner::AtOnce).await?;
            give_up(&item)?;
            fresh_disk(&item, &origin).await?
        }
        made => made?,
    };
    end(&machine_of(config, &item), Manner::AtOnce).await?;
    disk.install()?;
    journal::clear(item.path())?;
    service::clear(item.path())?;
    record.reset_count += 1;
    record.last_reset_at = Some(now());
    item.write(&turn, &record)?;
    open::start(config, &item, &mut record).await?;
    item.write(&turn, &record)?;
    drop(turn);
    let Snapshot { snapshot_name, kind, entry_count, bytes_written, .. } = snapshot;
    let destination = WORKSPACE_PATH.to_owned();
    let workspace_reset = Reset { snapshot_name, kind, destination, entry_count, bytes_written };
    Ok(WorkspaceReset { workspace: status_of(config, &item).await?, workspace_reset })
}

/// The snapshot that is called so, and what a disk begins with there.
fn find_snapshot(item: &Item, record: &WorkspaceRecord, name: &str) -> Result<(Snapshot, Origin)> {
    if name != BASELINE {
        let found = snapshot::named(item, name)?;
        let known = snapshot::record_of(&found)?;
        let disk = snapshot::disk_of(found.path());
        return Ok((Snapshot::named(item, &found, &known), Origin::Disk(disk)));
    }
    let (workspace_id, snapshot) = (item.id().to_owned(), name.to_owned());
    let known = Snapshot::baseline(item, record)
        .ok_or(WorkspaceError::NoSnapshot { workspace_id, snapshot })?;
    let manifest = record.made.as_ref().and_then(|made| made.baseline.manifest_checksum.as_ref());
    let origin = match manifest {
        Some(_) => Origin::Disk(baseline::path(item.path())),
        None => Origin::Nothing,
    };
    Ok((known, origin))
}
