//! Runs a vm's one command, and deletes the vm, whatever happens in between.

use super::claim::{Claim, claim, is_claimed};
use super::record::VmRecord;
use super::{VmError, delete, machine_of, vms};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::shim::attach;
use crate::store::Item;
use crate::vm::run::{Cleanup, OutputLimits, RunResult, collect, result};
use crate::vm::sweep::sweep;
use crate::vm::{ImageDefaults, Vm};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecRequest {
    /// One string for `/bin/sh -lc`.
    pub command: String,
    /// After so many seconds the command and all it started are killed.
    pub timeout_seconds: u64,
}

/// Runs a command in the started vm with this id or unique prefix, and deletes the vm. From here on the
/// machine hangs on this process: if the future is dropped, or the process killed, the machine ends, and
/// the next verb removes the vm.
///
/// # Errors
/// If there is no such vm, or it is not started: then it stays as it is. If the command cannot be
/// run: then it is deleted. A command that fails is no error, and neither is a failed clean-up:
/// `cleanup` says so.
pub async fn exec(
    config: &Config,
    wanted: &str,
    request: &ExecRequest,
    limits: OutputLimits,
    observer: Observer<'_>,
) -> Result<RunResult> {
    sweep(config, observer);
    let item = vms(config).find(wanted)?;
    let (vm, claim) = take(config, &item).await?;
    let facts = vm.facts().clone();
    let outcome =
        collect(&vm, &request.command, request.timeout_seconds, limits, async |_| {}).await;
    let cleanup = clean_up(config, &item, vm).await;
    drop(claim);
    Ok(result(&request.command, facts, outcome?, cleanup))
}

/// Makes the vm this process's own.
async fn take(config: &Config, item: &Item) -> Result<(Vm, Claim)> {
    let turn = item.turn().await?;
    let record: VmRecord = item.read()?;
    let vm_id = item.id().to_owned();
    record.time_left(&vm_id)?;
    let Some(shim) = attach(&machine_of(config, item)).await? else {
        return Err(VmError::NotStarted { vm_id, state: record.state(false) }.into());
    };
    shim.ready().await?;
    if is_claimed(item) {
        return Err(VmError::Used(vm_id).into());
    }
    // in this order: a claim that nobody holds any more must not belong to a machine that runs on
    let shim = shim.lease().await?;
    let claim = claim(item, &turn)?;
    let defaults = match record.facts.backend.as_str() {
        "process" => ImageDefaults::default(),
        _ => record.image.map(|image| image.defaults).unwrap_or_default(),
    };
    Ok((Vm { facts: record.facts, defaults, shim }, claim))
}

async fn clean_up(config: &Config, item: &Item, vm: Vm) -> Cleanup {
    // ends the machine, which knows best why it does; the rest is the same for every vm
    let _ = vm.delete().await;
    let (deleted, reason) = match delete::delete_item(config, item).await {
        Ok(()) => (true, "its command has run".to_owned()),
        Err(error) => (false, error.to_string()),
    };
    Cleanup { deleted, reason, vm_id: item.id().to_owned() }
}
