//! Deletes the vms whose time is over.

use super::delete::delete_item;
use super::record::VmRecord;
use super::vms;
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::vm::sweep::sweep;
use serde::Serialize;

/// What was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reaped {
    /// Which vms.
    pub deleted_vm_ids: Vec<String>,
    /// How many.
    pub count: usize,
}

/// Deletes every vm whose time to live is over. One that cannot be read or deleted is a warning and
/// hinders no other.
///
/// # Errors
/// If the vms cannot be listed.
pub async fn reap(config: &Config, observer: Observer<'_>) -> Result<Reaped> {
    sweep(config, observer);
    let mut reaped = Reaped::default();
    for vm in vms(config).all()? {
        match vm.read::<VmRecord>() {
            Ok(record) if !record.is_expired() => continue,
            Ok(_) => {}
            Err(error) => {
                observer(Event::Warning(crate::Error::from(error).to_string()));
                continue;
            }
        }
        match delete_item(config, &vm).await {
            Ok(()) => reaped.deleted_vm_ids.push(vm.id().to_owned()),
            Err(error) => observer(Event::Warning(error.to_string())),
        }
    }
    reaped.count = reaped.deleted_vm_ids.len();
    Ok(reaped)
}
