//! Stops a vm: its machine ends, and the record stays.

use super::record::VmRecord;
use super::{VmStatus, machine_of, vms};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::{Manner, end};
use crate::vm::sweep::sweep;

/// Ends the machine of the vm with this id or unique prefix, with its disk. A vm that does not run is
/// left as it is.
///
/// # Errors
/// If there is no such vm, or its machine cannot be ended.
pub async fn stop(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<VmStatus> {
    sweep(config, observer);
    let vm = vms(config).find(wanted)?;
    let _turn = vm.turn().await?;
    let record: VmRecord = vm.read()?;
    end(&machine_of(config, &vm), Manner::AtOnce).await?;
    Ok(VmStatus::of(&vm, record, false))
}
