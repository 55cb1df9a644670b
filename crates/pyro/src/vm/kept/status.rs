//! Says what a vm is: its record, and whether its machine runs.

use super::record::VmRecord;
use super::{machine_of, vms};
use crate::certificates::BundleFacts;
use crate::config::{Config, Isolation};
use crate::error::Result;
use crate::event::Observer;
use crate::network::GUEST_ADDRESS;
use crate::store::Item;
use crate::vm::sweep::sweep;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Where a vm is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VmState {
    /// It has never run.
    Created,
    /// Its machine runs, or boots.
    Started,
    /// It was started, and its machine has ended.
    Stopped,
}

impl fmt::Display for VmState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Started => "started",
            Self::Stopped => "stopped",
        })
    }
}

/// A vm as every surface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VmStatus {
    /// Its id.
    pub vm_id: String,
    /// What it boots.
    pub environment: String,
    /// Which version of that.
    pub environment_version: String,
    /// Virtual CPUs.
    pub vcpu_count: u32,
    /// Memory in MiB.
    pub mem_mib: u32,
    /// Its whole time to live, in seconds.
    pub ttl_seconds: u64,
    /// When it was created, Unix seconds.
    pub created_at: u64,
    /// When it ends, Unix seconds.
    pub expires_at: u64,
    /// Where it is in its life.
    pub state: VmState,
    /// Whether the guest has a network.
    pub network_enabled: bool,
    /// Whether it may run on the host where no machine can boot.
    pub allow_host_compat: bool,
    /// The guest's address, in a network of its own; none without a network.
    pub guest_ip: Option<String>,
    /// How the agent is reached, or `host_compat`.
    pub execution_mode: String,
    /// How strongly the guest is kept apart from the host.
    pub isolation: Isolation,
    /// The process jail around the machine: `full`, `landlock` or `none`.
    pub jail: String,
    /// What else is known: `backend`; `ca_bundle` and `ca_certificates`, where it was given some.
    pub metadata: BTreeMap<String, String>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The vm with this id or unique prefix.
///
/// # Errors
/// If there is no such vm, or its record is damaged.
pub async fn status(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<VmStatus> {
    sweep(config, observer);
    status_of(config, &vms(config).find(wanted)?)
}

pub(super) fn status_of(config: &Config, vm: &Item) -> Result<VmStatus> {
    let record = vm.read()?;
    Ok(VmStatus::of(vm, record, machine_of(config, vm).is_kept()?))
}

impl VmStatus {
    /// Of a vm whose machine runs, or does not.
    pub(super) fn of(vm: &Item, record: VmRecord, runs: bool) -> Self {
        let (state, expires_at) = (record.state(runs), record.expires_at());
        let VmRecord { spec, created_at, facts, ca_bundle, .. } = record;
        let mut metadata = BTreeMap::from([("backend".to_owned(), facts.backend)]);
        metadata.extend(ca_bundle.iter().flat_map(BundleFacts::metadata));
        Self {
            vm_id: vm.id().to_owned(),
            environment: facts.environment,
            environment_version: facts.environment_version,
            vcpu_count: spec.vcpu_count,
            mem_mib: spec.mem_mib,
            ttl_seconds: spec.ttl_seconds,
            created_at,
            expires_at,
            state,
            network_enabled: spec.network,
            allow_host_compat: spec.allow_host_compat,
            guest_ip: (spec.network && facts.isolation != Isolation::None)
                .then(|| GUEST_ADDRESS.to_owned()),
            execution_mode: facts.execution_mode,
            isolation: facts.isolation,
            jail: facts.jail,
            metadata,
            warnings: facts.warnings,
        }
    }
}
