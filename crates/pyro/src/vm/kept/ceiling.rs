//! The most vms that may be started at a time. Counted and taken under one lock, so that two starts at
//! once cannot both take the last place.

use super::{VmError, machine_of, vms};
use crate::config::Config;
use crate::error::Result;
use crate::shim::MachineDirectory;
use crate::shim::directory::Lock;
use crate::store::Item;

/// Makes the directory of the vm's machine, locked: with that the vm counts as started.
pub(super) fn take_place(config: &Config, vm: &Item) -> Result<Lock> {
    let vms = vms(config);
    let _all = vms.lock()?;
    let mut started = Vec::new();
    for other in vms.all()? {
        if machine_of(config, &other).is_kept()? {
            started.push(other.id().to_owned());
        }
    }
    let limit = config.max_active_vms;
    if started.len() >= limit {
        return Err(VmError::TooMany { limit, started }.into());
    }
    let (_, lock) = MachineDirectory::create(&config.paths.machines(), vm.id())?;
    Ok(lock)
}
