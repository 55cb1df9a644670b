//! Why a vm cannot do what is asked of it.

use super::VmState;
use crate::error::{Diagnose, Kind};
use std::path::PathBuf;

/// A verb that does not fit the vm.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VmError {
    /// The time of the vm is over.
    #[error("the time to live of {vm_id} ({ttl_seconds} s from its creation) is over")]
    Expired {
        /// Which vm.
        vm_id: String,
        /// Its whole time.
        ttl_seconds: u64,
    },
    /// The vm is not started, and commands need one that runs.
    #[error("{vm_id} is {state}, and commands run in started vms only")]
    NotStarted {
        /// Which vm.
        vm_id: String,
        /// What it is.
        state: VmState,
    },
    /// The vm has had its command: it gets one in its life.
    #[error("{0} has been given its one command already")]
    Used(String),
    /// As many vms are started as may be.
    #[error("{} vms are started, and no more than {limit} may be", started.len())]
    TooMany {
        /// How many may be.
        limit: usize,
        /// Which ones are.
        started: Vec<String>,
    },
    /// What it was to boot was removed from the cache by hand.
    #[error("what {vm_id} boots from is gone: {}", path.display())]
    EnvironmentGone {
        /// Which vm.
        vm_id: String,
        /// What is missing.
        path: PathBuf,
    },
}

impl Diagnose for VmError {
    fn kind(&self) -> Kind {
        match self {
            Self::Expired { .. } | Self::NotStarted { .. } => Kind::Usage,
            Self::Used(_) | Self::TooMany { .. } => Kind::Busy,
            Self::EnvironmentGone { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "vm_expired",
            Self::NotStarted { .. } => "vm_not_started",
            Self::Used(_) => "vm_used",
            Self::TooMany { .. } => "too_many_vms",
            Self::EnvironmentGone { .. } => "environment_gone",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Expired { .. } => {
                "create a new vm, with a larger ttl_seconds if it needs one".into()
            }
            Self::NotStarted { .. } => "start it first".into(),
            Self::Used(_) => "create another vm for another command".into(),
            Self::TooMany { started, .. } => {
                format!("stop or delete one of {}", started.join(", "))
            }
            Self::EnvironmentGone { .. } => {
                "delete the vm and create it again, which prepares the environment".into()
            }
        }]
    }
}
