//! Why no machine can run as asked, and what to do about it.

use crate::config::Isolation;
use crate::error::{Diagnose, Kind};
use crate::machine::firecracker::program::{Condition, Found};

/// What installs a Firecracker, for hints.
pub(crate) const INSTALL_FIRECRACKER: &str = "pyro runtime install";
/// What installs a QEMU on Debian, for hints.
const INSTALL_QEMU: &str = "install it: sudo apt-get install qemu-system-x86 (or: make setup)";

/// Why no machine can run as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoBackend {
    /// There is no virtual machine monitor that this host could use.
    #[error("no virtual machine monitor: qemu-system-x86_64 is not installed, and {firecracker}")]
    NoVmm {
        /// Why Firecracker cannot be used instead, a clause.
        firecracker: String,
        /// Whether another Firecracker would help.
        installable: bool,
    },
    /// The human insists on QEMU, and there is none.
    #[error("PYRO_BACKEND={backend}: qemu-system-x86_64 is not installed")]
    NoQemu {
        /// What was asked for.
        backend: &'static str,
    },
    /// The human insists on Firecracker, and there is none.
    #[error("PYRO_BACKEND=firecracker: Firecracker is not installed")]
    NoFirecracker,
    /// The human insists on Firecracker, and the one that there is cannot be used.
    #[error("PYRO_BACKEND=firecracker: {0}")]
    UnfitFirecracker(Found),
    /// The host itself was asked for, and not allowed.
    #[error("PYRO_BACKEND=process runs commands on this host, without isolation")]
    NotAllowed,
    /// The human insists on KVM.
    #[error("PYRO_BACKEND={backend}: {why}")]
    NoKvm {
        /// What was asked for.
        backend: &'static str,
        /// What is wrong with KVM.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The host cannot give the isolation that is required.
    #[error("isolation {required} is required, and this host can give {best} only: {why}")]
    TooWeak {
        /// What is required.
        required: Isolation,
        /// What there is.
        best: Isolation,
        /// Why.
        why: String,
    },
    /// Emulation without a jail is no boundary.
    #[error("this host has no working KVM and no way to jail the emulator ({why})")]
    NoJail {
        /// What is in the way.
        why: String,
    },
}

impl Diagnose for NoBackend {
    fn kind(&self) -> Kind {
        match self {
            Self::TooWeak { .. } | Self::NoJail { .. } | Self::NotAllowed => Kind::Denied,
            Self::NoVmm { .. }
            | Self::NoQemu { .. }
            | Self::NoFirecracker
            | Self::UnfitFirecracker(_)
            | Self::NoKvm { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoVmm { .. } => "no_vmm",
            Self::NoQemu { .. } => "no_qemu",
            Self::NoFirecracker => "no_firecracker",
            Self::UnfitFirecracker(found) => match found.condition {
                Condition::TooOld { .. } => "firecracker_too_old", // The Firecracker that is insisted on is too old.
                Condition::DoesNotRun { .. } | Condition::Usable { .. } => {
                    "firecracker_does_not_run" // The Firecracker that is insisted on does not run.
                }
            },
            Self::NotAllowed => "host_compat_denied",
            Self::NoKvm { .. } => "no_kvm",
            Self::TooWeak { .. } => "isolation_too_weak",
            Self::NoJail { .. } => "no_jail",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoVmm { installable, .. } => {
                let firecracker = installable.then(|| format!("or: {INSTALL_FIRECRACKER}"));
                [INSTALL_QEMU.to_owned()].into_iter().chain(firecracker).collect()
            }
            Self::NoQemu { .. } => vec![INSTALL_QEMU.into()],
            Self::NoFirecracker => vec![INSTALL_FIRECRACKER.into()],
            Self::UnfitFirecracker(found) => vec![found.remedy()],
            Self::NotAllowed => vec!["allow it with --allow-host-compat".into()],
            Self::NoKvm { hint, .. } => {
                let instead = "to do without KVM, set PYRO_BACKEND=qemu-tcg".to_owned();
                hint.iter().cloned().chain([instead]).collect()
            }
            Self::TooWeak { .. } => {
                vec!["`pyro doctor` says what stands in the way of a stronger one".into()]
            }
            Self::NoJail { .. } => vec![
                "`pyro doctor` says how to allow a jail".into(),
                "--allow-weak-isolation runs the emulator without one".into(),
            ],
        }
    }
}
