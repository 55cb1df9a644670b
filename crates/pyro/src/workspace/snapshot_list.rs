//! Lists the snapshots of a workspace.

use super::find::{find, record_of};
use super::snapshot::{self, Snapshot, snapshots_of};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Observer};
use serde::Serialize;

/// The snapshots of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshots {
    /// Of which workspace.
    pub workspace_id: String,
    /// How many.
    pub count: usize,
    /// The baseline first, then as they were taken.
    pub snapshots: Vec<Snapshot>,
}

/// The snapshots of the workspace with this id, name, or beginning of either. One whose record cannot be
/// read is a warning and hides no other; it can be deleted.
///
/// # Errors
/// If there is no such workspace, or its record is damaged.
pub async fn snapshot_list(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<Snapshots> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let record = record_of(&item)?;
    let mut named = Vec::new();
    for found in snapshots_of(&item).all()? {
        match snapshot::record_of(&found) {
            Ok(record) => named.push(Snapshot::named(&item, &found, &record)),
            Err(error) => {
                observer(Event::Warning(format!("the snapshot {:?}: {error}", found.id())));
            }
        }
    }
    named.sort_by_key(|snapshot| snapshot.created_at);
    let snapshots: Vec<_> = Snapshot::baseline(&item, &record).into_iter().chain(named).collect();
    Ok(Snapshots { workspace_id: item.id().to_owned(), count: snapshots.len(), snapshots })
}
