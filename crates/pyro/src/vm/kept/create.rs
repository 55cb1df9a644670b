//! Makes a vm: everything that can be refused is refused here, everything that takes long is done
//! here, and nothing is booted.

use super::plan::{Planned, plan};
use super::record::VmRecord;
use super::{VmStatus, vms};
use crate::certificates::Bundle;
use crate::clock::now;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::store::{Item, Turn};
use crate::vm::VmSpec;
use crate::vm::start::new_id;
use crate::vm::sweep::sweep;

/// Makes a vm, whose time to live begins. An environment that is not installed yet is prepared first,
/// which takes a while and tells the observer; from then on it is pinned.
///
/// # Errors
/// If the wish is impossible on this host, or the environment cannot be prepared.
pub async fn create(config: &Config, spec: &VmSpec, observer: Observer<'_>) -> Result<VmStatus> {
    spec.check()?;
    let certificates = Bundle::wanted(config)?;
    sweep(config, observer);
    let (vm, turn) = vms(config).create(&new_id("vm")?)?;
    let made = make(config, spec, certificates, (&vm, &turn), observer).await;
    if made.is_err() {
        // what cannot be removed now is swept later, and the first error counts
        let _ = vm.remove(&turn);
    }
    made
}

async fn make(
    config: &Config,
    spec: &VmSpec,
    certificates: Option<Bundle>,
    (vm, turn): (&Item, &Turn),
    observer: Observer<'_>,
) -> Result<VmStatus> {
    let has_certificates = certificates.is_some();
    let Planned { facts, image, .. } =
        plan(config, spec, vm, None, has_certificates, observer).await?;
    if let Some(bundle) = &certificates {
        bundle.keep(vm.path())?;
    }
    let (spec, created_at) = (spec.clone(), now());
    let ca_bundle = certificates.as_ref().map(Bundle::facts);
    let record = VmRecord { spec, created_at, facts, image, started_at: None, ca_bundle };
    vm.write(turn, &record)?;
    Ok(VmStatus::of(vm, record, false))
}
