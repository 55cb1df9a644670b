//! What is recorded about a vm in its `vm.json`.

use super::image::Image;
use super::{VmError, VmState};
use crate::certificates::BundleFacts;
use crate::clock::now;
use crate::vm::{VmFacts, VmSpec};
use serde::{Deserialize, Serialize};

/// The truth about a vm, except whether its machine runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct VmRecord {
    /// What was ordered.
    pub(super) spec: VmSpec,
    /// When, Unix seconds. The time to live counts from here.
    pub(super) created_at: u64,
    /// What it is, or would be if it were started now.
    pub(super) facts: VmFacts,
    /// What it boots; nothing where it runs on the host.
    pub(super) image: Option<Image>,
    /// When its last start began, Unix seconds.
    pub(super) started_at: Option<u64>,
    /// The certificates that are kept for it.
    #[serde(default)]
    pub(super) ca_bundle: Option<BundleFacts>,
}

impl VmRecord {
    /// Unix seconds.
    pub(super) fn expires_at(&self) -> u64 {
        self.created_at.saturating_add(self.spec.ttl_seconds)
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expires_at() <= now()
    }

    /// How many seconds it has left.
    pub(super) fn time_left(&self, vm_id: &str) -> Result<u64, VmError> {
        match self.expires_at().saturating_sub(now()) {
            0 => Err(VmError::Expired {
                vm_id: vm_id.to_owned(),
                ttl_seconds: self.spec.ttl_seconds,
            }),
            left => Ok(left),
        }
    }

    /// The state of a vm whose machine runs, or does not.
    pub(super) fn state(&self, runs: bool) -> VmState {
        match (runs, self.started_at) {
            (true, _) => VmState::Started,
            (false, Some(_)) => VmState::Stopped,
            (false, None) => VmState::Created,
        }
    }
}
