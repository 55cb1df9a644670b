//! Changes what the user notes about a workspace, and how long it may be idle.

use super::find::{check_free, find, record_of};
use super::spec::{check_labels, check_name};
use super::status::{WorkspaceStatus, status_of};
use super::sweep::sweep;
use super::{machine_of, workspaces};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::secret::Vault;
use crate::shim::attach;
use crate::vm::VmSpec;
use std::collections::BTreeMap;

/// What is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Update {
    /// Another name; `Some(None)` takes it away.
    pub name: Option<Option<String>>,
    /// Labels to set.
    pub labels: BTreeMap<String, String>,
    /// Labels to take away. One that is not there is no error.
    pub clear_labels: Vec<String>,
    /// Another time to live, in seconds of idleness.
    pub ttl_seconds: Option<u64>,
}

/// Changes the workspace with this id, name, or beginning of either, in any state.
///
/// # Errors
/// If there is no such workspace, the name is taken, or a wish is impossible.
pub async fn update(
    config: &Config,
    wanted: &str,
    update: &Update,
    observer: Observer<'_>,
) -> Result<WorkspaceStatus> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let turn = item.turn().await?;
    let mut record = record_of(&item)?;
    let vault = Vault::open_with(item.path(), &record.secrets)?;
    vault.check_open(update.name.iter().flatten().next(), &update.labels)?;
    for label in &update.clear_labels {
        record.labels.remove(label);
    }
    record.labels.extend(update.labels.clone());
    check_labels(&record.labels)?;
    if let Some(ttl_seconds) = update.ttl_seconds {
        record.machine.ttl_seconds = ttl_seconds;
        VmSpec::check(&record.machine)?;
    }
    // nobody else takes the name between the look and the record
    let _all = workspaces(config).lock()?;
    if let Some(name) = &update.name {
        if let Some(name) = name {
            check_name(name)?;
            check_free(config, name, item.id())?;
        }
        record.name.clone_from(name);
    }
    item.write(&turn, &record)?;
    drop(_all);
    if update.ttl_seconds.is_some()
        && let Some(shim) = attach(&machine_of(config, &item)).await?
    {
        shim.presence(update.ttl_seconds).await?;
    }
    drop(turn);
    status_of(config, &item).await
}
