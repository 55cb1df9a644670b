//! A vm as a model sees it, in both forms.

use crate::result::{both, excerpt};
use pyro::vm::kept::{VmState, VmStatus};
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// So many characters of a warning are shown.
const WARNING_CHARACTERS: usize = 400;

/// The structured form.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VmObject {
    vm_id: String,
    /// created, started or stopped.
    state: String,
    /// What to do with it.
    next: String,
    environment: String,
    environment_version: String,
    vcpu_count: u32,
    mem_mib: u32,
    ttl_seconds: u64,
    /// Unix seconds.
    created_at: u64,
    /// Unix seconds; it ends then, whatever it does.
    expires_at: u64,
    network_enabled: bool,
    allow_host_compat: bool,
    guest_ip: Option<String>,
    execution_mode: String,
    /// hardware-vm, emulated-vm, or none on the user's own computer.
    isolation: String,
    jail: String,
    metadata: BTreeMap<String, String>,
    warnings: Vec<String>,
}

/// The answer that shows a vm.
pub(crate) fn show(vm: VmStatus) -> CallToolResult {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let next = next(vm.state, vm.expires_at <= now);
    both(text(&vm, next, now), &object(vm, next))
}

/// The next step.
fn next(state: VmState, is_expired: bool) -> &'static str {
    match state {
        _ if is_expired => "its time is over: vm_delete or vm_reap_expired removes it",
        VmState::Created => "vm_start boots it",
        VmState::Started => "vm_exec runs its one command and deletes it",
        VmState::Stopped => {
            "vm_delete removes it; vm_start boots it afresh, with nothing left of what it wrote"
        }
    }
}

fn text(vm: &VmStatus, next: &str, now: u64) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "vm_id: {}\nstate: {}\nenvironment: {} {}\nvcpu_count: {}\nmem_mib: {}\n\
         expires_in_seconds: {} (of {} from its creation)\nisolation: {} (jail: {})\n\
         network_enabled: {}",
        vm.vm_id,
        vm.state,
        vm.environment,
        vm.environment_version,
        vm.vcpu_count,
        vm.mem_mib,
        vm.expires_at.saturating_sub(now),
        vm.ttl_seconds,
        vm.isolation,
        vm.jail,
        vm.network_enabled,
    );
    for warning in vm.warnings.iter().take(3) {
        let advice = "see the server's host";
        let _ = writeln!(text, "note: {}", excerpt(warning, WARNING_CHARACTERS, advice));
    }
    let _ = writeln!(text, "next: {next}");
    text
}

fn object(vm: VmStatus, next: &str) -> VmObject {
    VmObject {
        vm_id: vm.vm_id,
        state: vm.state.to_string(),
        next: next.to_owned(),
        environment: vm.environment,
        environment_version: vm.environment_version,
        vcpu_count: vm.vcpu_count,
        mem_mib: vm.mem_mib,
        ttl_seconds: vm.ttl_seconds,
        created_at: vm.created_at,
        expires_at: vm.expires_at,
        network_enabled: vm.network_enabled,
        allow_host_compat: vm.allow_host_compat,
        guest_ip: vm.guest_ip,
        execution_mode: vm.execution_mode,
        isolation: vm.isolation.to_string(),
        jail: vm.jail,
        metadata: vm.metadata,
        warnings: vm.warnings,
    }
}
