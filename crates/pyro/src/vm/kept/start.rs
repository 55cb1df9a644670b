//! Starts a vm: its machine boots, detached from the process that asked for it.

use super::ceiling::take_place;
use super::plan::{Planned, plan};
use super::record::VmRecord;
use super::{VmError, VmStatus, claim, machine_of, vms};
use crate::certificates;
use crate::clock::now;
use crate::config::Config;
use crate::disk;
use crate::error::Result;
use crate::event::Observer;
use crate::machine::BackendSpec;
use crate::shim::protocol::{Assignment, Tenure};
use crate::shim::{self, attach};
use crate::store::{Item, Turn};
use crate::vm::start::{DISK_BYTES, assignment};
use crate::vm::sweep::sweep;

/// Starts the vm with this id or unique prefix, and waits until commands can run in it. One that is
/// started already is left as it is; one that was stopped boots afresh, with a new disk. It ends with
/// its time to live, or when it is stopped or deleted. Dropping the future does not end it.
///
/// # Errors
/// If there is no such vm, its time is over, as many are started as may be, or it does not boot.
pub async fn start(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<VmStatus> {
    sweep(config, observer);
    let vm = vms(config).find(wanted)?;
    let turn = vm.turn().await?;
    let record: VmRecord = vm.read()?;
    let time_left = record.time_left(vm.id())?;
    if let Some(shim) = attach(&machine_of(config, &vm)).await? {
        shim.ready().await?;
        return Ok(VmStatus::of(&vm, record, true));
    }
    if claim::is_claimed(&vm) {
        return Err(VmError::Used(vm.id().to_owned()).into());
    }
    let before = record.clone();
    let (backend, record) = decide(config, &vm, record, observer).await?;
    match boot(config, &vm, &turn, &record, backend, time_left).await {
        Ok(()) => Ok(VmStatus::of(&vm, record, true)),
        Err(error) => {
            // it was not started after all; the first error counts
            let _ = vm.write(&turn, &before);
            Err(error)
        }
    }
}

/// How it runs this time, and the record that says so.
async fn decide(
    config: &Config,
    vm: &Item,
    record: VmRecord,
    observer: Observer<'_>,
) -> Result<(BackendSpec, VmRecord)> {
    let VmRecord { spec, image, created_at, ca_bundle, .. } = record;
    let has_certificates = ca_bundle.is_some();
    let Planned { backend, facts, image } =
        plan(config, &spec, vm, image, has_certificates, observer).await?;
    Ok((backend, VmRecord { spec, created_at, facts, image, started_at: Some(now()), ca_bundle }))
}

/// Starts the shim and waits for the machine. Recorded before, so that no machine ever runs for a vm
/// that reads as never started.
async fn boot(
    config: &Config,
    vm: &Item,
    turn: &Turn,
    record: &VmRecord,
    backend: BackendSpec,
    time_left: u64,
) -> Result<()> {
    let lock = take_place(config, vm)?;
    let machine = machine_of(config, vm);
    vm.write(turn, record)?;
    let mut ca_bundle = None;
    if backend != BackendSpec::Process {
        disk::create(&machine.disk(), DISK_BYTES)?;
        ca_bundle = record.ca_bundle.as_ref().map(|_| certificates::kept_in(vm.path()));
    }
    let assignment = Assignment {
        tenure: Tenure::Detached,
        ca_bundle,
        ttl_seconds: time_left,
        ..assignment(config, &record.spec, vm.id().to_owned(), backend)
    };
    let shim = shim::launch(&config.executable, &machine, lock, &assignment)?;
    let ready = shim.ready().await;
    if ready.is_err() {
        // the shim removes everything before it answers; without an answer the next sweep does
        let _ = shim.end().await;
    }
    ready
}
