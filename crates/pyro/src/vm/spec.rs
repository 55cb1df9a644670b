//! What a one-shot machine is asked to be, and which answers are refused before anything starts.
//! Pure data: nothing here looks at the host.

use crate::error::{Diagnose, Kind};
use crate::network::AllowList;
use serde::{Deserialize, Serialize};

/// The environment used where none is named.
pub const DEFAULT_ENVIRONMENT: &str = "debian:12";

/// The most virtual CPUs a machine may have.
pub const MAX_VCPU_COUNT: u32 = 64;
/// The least memory a machine boots with, in MiB.
pub const MIN_MEM_MIB: u32 = 128;
/// The most memory a machine may ask for, in MiB.
pub const MAX_MEM_MIB: u32 = 1 << 20;

/// A one-shot machine, as the user orders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmSpec {
    /// What to boot: a name of the catalog.
    pub environment: String,
    /// Virtual CPUs, 1 to [`MAX_VCPU_COUNT`].
    pub vcpu_count: u32,
    /// Memory in MiB, [`MIN_MEM_MIB`] to [`MAX_MEM_MIB`].
    pub mem_mib: u32,
    /// Hard limit of the machine's life, in seconds, at least 1.
    pub ttl_seconds: u64,
    /// Whether the guest may reach the network.
    pub network: bool,
    /// What of it, where not everything public.
    #[serde(default)]
    pub allow: AllowList,
    /// Whether the command may run on the host where no machine can boot.
    pub allow_host_compat: bool,
    /// Whether an emulated machine may run without a jail around the emulator.
    pub allow_weak_isolation: bool,
}

impl Default for VmSpec {
    fn default() -> Self {
        Self {
            environment: DEFAULT_ENVIRONMENT.into(),
            vcpu_count: 1,
            mem_mib: 1024,
            ttl_seconds: 600,
            network: false,
            allow: AllowList::default(),
            allow_host_compat: false,
            allow_weak_isolation: false,
        }
    }
}

/// Why a machine cannot be as ordered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A number outside its range.
    #[error("{name} is {value}, which is not between {min} and {max}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// What was asked for.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
}

impl Diagnose for SpecError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        match self {
            Self::OutOfRange { .. } => "out_of_range",
        }
    }
    fn hints(&self) -> Vec<String> {
        match self {
            Self::OutOfRange { name, min, max, .. } => {
                vec![format!("choose {name} between {min} and {max}")]
            }
        }
    }
}

impl VmSpec {
    /// Refuses what no host can give.
    ///
    /// # Errors
    /// [`SpecError`].
    pub fn check(&self) -> Result<(), SpecError> {
        let vcpus = (u64::from(self.vcpu_count), 1, u64::from(MAX_VCPU_COUNT));
        let memory = (u64::from(self.mem_mib), u64::from(MIN_MEM_MIB), u64::from(MAX_MEM_MIB));
        let ttl = (self.ttl_seconds, 1, u64::from(u32::MAX));
        for (name, (value, min, max)) in
            [("vcpu_count", vcpus), ("mem_mib", memory), ("ttl_seconds", ttl)]
        {
            if !(min..=max).contains(&value) {
                return Err(SpecError::OutOfRange { name, value, min, max });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_acceptable_and_extremes_are_refused_by_name() {
        assert!(VmSpec::default().check().is_ok());
        let refused = |spec: VmSpec| spec.check().unwrap_err().to_string();
        assert!(refused(VmSpec { vcpu_count: 0, ..VmSpec::default() }).contains("vcpu_count"));
        assert!(refused(VmSpec { mem_mib: 1, ..VmSpec::default() }).contains("mem_mib"));
        assert!(refused(VmSpec { ttl_seconds: 0, ..VmSpec::default() }).contains("ttl_seconds"));
    }
}
