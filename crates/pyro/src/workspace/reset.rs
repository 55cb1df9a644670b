//! Puts a workspace back to its baseline: a fresh machine on a copy of the disk that it began with. What
//! was done since is gone, the history of its commands too.

use super::baseline;
use super::find::{find, record_of};
use super::open;
use super::state::Verb;
use super::status::{WorkspaceStatus, state_of, status_of};
use super::sweep::sweep;
use super::{WORKSPACE_PATH, WorkspaceError, machine_of};
use crate::clock::now;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::journal;
use crate::shim::{Manner, end};
use serde::Serialize;

/// The snapshot that every workspace has.
pub const BASELINE: &str = "baseline";

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
    /// `baseline`.
    pub kind: String,
    /// Where its files are in the guest.
    pub destination: String,
    /// Files, directories and links of the snapshot.
    pub entry_count: u64,
    /// Bytes of content of the snapshot.
    pub bytes_written: u64,
}

/// Resets the workspace with this id, name, or beginning of either, and starts it. What it is to be
/// reset to is found and copied before anything of it is given up.
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
    let (workspace_id, made) = (item.id().to_owned(), record.made.clone());
    let Some(made) = made.filter(|_| snapshot == BASELINE) else {
        return Err(WorkspaceError::NoSnapshot { workspace_id, snapshot: snapshot.into() }.into());
    };
    end(&machine_of(config, &item), Manner::AtOnce).await?;
    baseline::put_back(&item, &made.baseline).await?;
    journal::clear(item.path())?;
    record.reset_count += 1;
    record.last_reset_at = Some(now());
    item.write(&turn, &record)?;
    open::start(config, &item, &mut record).await?;
    let workspace_reset = Reset {
        snapshot_name: BASELINE.to_owned(),
        kind: BASELINE.to_owned(),
        destination: WORKSPACE_PATH.to_owned(),
        entry_count: made.baseline.entry_count,
        bytes_written: made.baseline.bytes_written,
    };
    item.write(&turn, &record)?;
    drop(turn);
    Ok(WorkspaceReset { workspace: status_of(config, &item).await?, workspace_reset })
}
