//! Says what network a vm has.

use super::record::VmRecord;
use super::vms;
use crate::config::{Config, Isolation};
use crate::error::Result;
use crate::event::Observer;
use crate::vm::sweep::sweep;
use serde::Serialize;

/// The network of a vm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NetworkInfo {
    /// Which vm.
    pub vm_id: String,
    /// Whether the guest was given a network.
    pub network_enabled: bool,
    /// Whether connections to the outside can succeed.
    pub outbound_connectivity_expected: bool,
    /// Why.
    pub reason: String,
}

/// The network of the vm with this id or unique prefix.
///
/// # Errors
/// If there is no such vm, or its record is damaged.
pub async fn network_info(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<NetworkInfo> {
    sweep(config, observer);
    let vm = vms(config).find(wanted)?;
    let record: VmRecord = vm.read()?;
    let on_host = record.facts.isolation == Isolation::None;
    let reason = match (on_host, record.spec.network) {
        (true, _) => "its command runs on this host, with the host's own network",
        (false, false) => "it was made without a network: every connection fails at once",
        (false, true) if record.spec.allow.is_empty() => {
            "TCP to public addresses and names; addresses of this host and its networks are refused"
        }
        (false, true) => {
            "TCP to what the human has allowed by name or range; everything else is refused"
        }
    };
    Ok(NetworkInfo {
        vm_id: vm.id().to_owned(),
        network_enabled: record.spec.network,
        outbound_connectivity_expected: on_host || record.spec.network,
        reason: reason.to_owned(),
    })
}
