//! Deletes a workspace, whatever state it is in.

use super::find::find;
use super::machine_of;
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::{Manner, end};
use crate::store::StoreError;
use serde::Serialize;

/// What became of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Which workspace.
    pub workspace_id: String,
    /// Whether nothing of it is left.
    pub deleted: bool,
    /// Why.
    pub reason: String,
}

/// Deletes the workspace with this id, name, or beginning of either, with everything in it. Works on
/// one whose record is damaged, and beside another deletion of the same workspace.
///
/// # Errors
/// If there is no such workspace, or it cannot be removed.
pub async fn delete(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<Deleted> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let deleted = Deleted {
        workspace_id: item.id().to_owned(),
        deleted: true,
        reason: "it was asked for".to_owned(),
    };
    let turn = match item.turn().await {
        // somebody else was faster
        Err(StoreError::NotFound { .. }) => return Ok(deleted),
        turn => turn?,
    };
    end(&machine_of(config, &item), Manner::AtOnce).await?;
    item.remove(&turn)?;
    Ok(deleted)
}
