//! What a probe of KVM can find.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// What happened when a guest was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum KvmOutcome {
    /// The guest ran to its end.
    Works,
    /// There is no such device.
    Missing,
    /// The user may not open it.
    PermissionDenied,
    /// It opens, but makes no virtual machine or no virtual CPU.
    CannotCreateVm {
        /// The kernel's error number.
        errno: i32,
    },
    /// It makes a virtual machine, but the guest stopped before its end.
    GuestFailed {
        /// The kernel's reason, `KVM_EXIT_…` of `include/uapi/linux/kvm.h`.
        exit_reason: u32,
        /// The sub-reason of an internal error, `KVM_INTERNAL_ERROR_…`; 1 is a failed emulation.
        suberror: Option<u32>,
    },
    /// The guest did not end within the deadline.
    TimedOut,
    /// The probe itself could not be run.
    ProbeFailed {
        /// Why.
        message: String,
    },
}

/// The outcome with the device it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KvmReport {
    /// The device that was probed.
    pub device: PathBuf,
    /// What happened.
    #[serde(flatten)]
    pub outcome: KvmOutcome,
}

impl KvmReport {
    /// Whether guests can run on it.
    #[must_use]
    pub fn usable(&self) -> bool {
        self.outcome == KvmOutcome::Works
    }

    /// What the human can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let device = self.device.display();
        match self.outcome {
            KvmOutcome::Missing => Some(
                "switch on virtualisation in the firmware, or load the module: \
                 sudo modprobe kvm_intel || sudo modprobe kvm_amd"
                    .into(),
            ),
            KvmOutcome::PermissionDenied => Some(format!(
                "join the group of {device} and log in again: \
                 sudo usermod -aG \"$(stat -c %G {device})\" \"$USER\"; \
                 where that group is root, set the device's group to kvm and its mode to 0660 first"
            )),
            _ => None,
        }
    }
}

/// One phrase: `/dev/kvm opens but cannot run guests (exit reason 17, suberror 1)`.
impl fmt::Display for KvmReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let device = self.device.display();
        match &self.outcome {
            KvmOutcome::Works => write!(f, "{device} runs guests"),
            KvmOutcome::Missing => write!(f, "{device} does not exist"),
            KvmOutcome::PermissionDenied => write!(f, "{device} may not be opened by this user"),
            KvmOutcome::CannotCreateVm { errno } => {
                let why = std::io::Error::from_raw_os_error(*errno);
                write!(f, "{device} opens but cannot create a virtual machine: {why}")
            }
            KvmOutcome::GuestFailed { exit_reason, suberror } => {
                write!(f, "{device} opens but cannot run guests (exit reason {exit_reason}")?;
                suberror.map_or(Ok(()), |sub| write!(f, ", suberror {sub}"))?;
                f.write_str(")")
            }
            KvmOutcome::TimedOut => {
                write!(f, "{device} opens but cannot run guests (the probe's did not end in time)")
            }
            KvmOutcome::ProbeFailed { message } => write!(f, "cannot probe {device}: {message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_exactly_what_is_wrong() {
        let device = PathBuf::from("/dev/kvm");
        let outcome = KvmOutcome::GuestFailed { exit_reason: 17, suberror: Some(1) };
        let report = KvmReport { device: device.clone(), outcome };
        let expected = "/dev/kvm opens but cannot run guests (exit reason 17, suberror 1)";
        assert_eq!(report.to_string(), expected);
        let denied = KvmReport { device, outcome: KvmOutcome::PermissionDenied };
        assert!(denied.hint().unwrap().contains("usermod") && !denied.usable());
    }

    #[test]
    fn the_json_names_the_outcome() {
        let outcome = KvmOutcome::CannotCreateVm { errno: 16 };
        let report = KvmReport { device: "/dev/kvm".into(), outcome };
        let json = serde_json::to_string(&report).unwrap();
        let expected = r#"{"device":"/dev/kvm","outcome":"cannot_create_vm","errno":16}"#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<KvmReport>(&json).unwrap(), report);
    }
}
