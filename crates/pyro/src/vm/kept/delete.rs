//! Deletes a vm, whatever state it is in.

use super::{machine_of, vms};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::{Manner, end};
use crate::store::{Item, StoreError};
use crate::vm::sweep::sweep;
use serde::Serialize;

/// What became of the vm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// Which vm.
    pub vm_id: String,
    /// Whether nothing of it is left.
    pub deleted: bool,
    /// Why.
    pub reason: String,
}

/// Deletes the vm with this id or unique prefix, ending its machine if it runs. Works on one whose
/// record is damaged, and beside another deletion of the same vm.
///
/// # Errors
/// If there is no such vm, or it cannot be removed.
pub async fn delete(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<Deleted> {
    sweep(config, observer);
    let vm = vms(config).find(wanted)?;
    delete_item(config, &vm).await?;
    Ok(Deleted { vm_id: vm.id().to_owned(), deleted: true, reason: "it was asked for".to_owned() })
}

/// Deletes a vm that was found; that somebody else was faster is as good.
pub(super) async fn delete_item(config: &Config, vm: &Item) -> Result<()> {
    let turn = match vm.turn().await {
        Err(StoreError::NotFound { .. }) => return Ok(()),
        turn => turn?,
    };
    end(&machine_of(config, vm), Manner::AtOnce).await?;
    Ok(vm.remove(&turn)?)
}
