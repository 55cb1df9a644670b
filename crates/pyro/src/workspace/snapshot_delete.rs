//! Deletes a snapshot.

use super::find::{find, record_of};
use super::snapshot::{check_name, named};
use super::state::Verb;
use super::status::state_of;
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use serde::Serialize;

/// What became of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotDeleted {
    /// Of which workspace.
    pub workspace_id: String,
    /// Which snapshot.
    pub snapshot_name: String,
    /// Whether nothing of it is left.
    pub deleted: bool,
}

/// Deletes a snapshot of the workspace with this id, name, or beginning of either. Works on one whose record
/// is damaged.
///
/// # Errors
/// If there is no such workspace or snapshot, it is the baseline, or it cannot be removed.
pub async fn snapshot_delete(
    config: &Config,
    wanted: &str,
    name: &str,
    observer: Observer<'_>,
) -> Result<SnapshotDeleted> {
    check_name(name)?;
    sweep(config, observer);
    let item = find(config, wanted)?;
    let _turn = item.turn().await?;
    state_of(config, &item, &record_of(&item)?)?.0.permit(Verb::Snapshot, item.id())?;
    let snapshot = named(&item, name)?;
    snapshot.remove(&snapshot.turn().await?)?;
    Ok(SnapshotDeleted {
        workspace_id: item.id().to_owned(),
        snapshot_name: name.to_owned(),
        deleted: true,
    })
}
