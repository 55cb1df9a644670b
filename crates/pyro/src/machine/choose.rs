//! Which backend a machine gets on this host: the strongest isolation that works, or what the human
//! asked for, or a refusal that says what is missing. Pure: the facts are gathered before.

use crate::config::{BackendChoice, Config, Isolation};
use crate::error::{Diagnose, Kind};
use crate::machine::Accelerator;
use crate::machine::jail::{self, Tier, TierReport};
use crate::machine::kvm::{self, KvmReport};
use crate::machine::remembered::remembered;
use serde::Serialize;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What this host can do.
#[derive(Debug, Clone, Serialize)]
pub struct HostFacts {
    /// Whether KVM runs guests.
    pub kvm: KvmReport,
    /// The QEMU program, if there is one.
    pub qemu: Option<PathBuf>,
    /// The strongest jail.
    pub jail: TierReport,
}

impl HostFacts {
    /// Finds out; what is slow is remembered until the next boot.
    #[must_use]
    pub fn gather(config: &Config) -> Self {
        let program = config.executable.metadata();
        let key = program.map_or_else(
            |_| String::new(),
            |m| {
                format!(
                    "{}:{}:{}:{}",
                    m.dev(),
                    m.ino(),
                    m.mtime(),
                    rustix::process::geteuid().as_raw()
                )
            },
        );
        let file = config.paths.cache().join("jail-probe.json");
        Self {
            kvm: kvm::probe_cached(config),
            qemu: config.qemu.clone().or_else(|| config.find_program("qemu-system-x86_64")),
            jail: remembered(&file, &key, || jail::probe(&config.executable)),
        }
    }
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// The QEMU program.
    pub qemu: PathBuf,
    /// Hardware or software virtualisation.
    pub accelerator: Accelerator,
    /// The jail around it.
    pub jail: Tier,
    /// Why this and nothing stronger, one phrase each; empty where nothing stronger exists.
    pub reasons: Vec<String>,
}

impl Choice {
    /// How strongly a guest is kept apart.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        match self.accelerator {
            Accelerator::Kvm => Isolation::HardwareVm,
            Accelerator::Tcg => Isolation::EmulatedVm,
        }
    }
}

/// Why no machine can run as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoBackend {
    /// There is no virtual machine monitor.
    #[error("no virtual machine monitor: qemu-system-x86_64 is not installed")]
    NoQemu,
    /// This build has no such backend.
    #[error("PYRO_BACKEND=firecracker: this version of pyro has no Firecracker backend")]
    NoFirecracker,
    /// The host itself was asked for, and not allowed.
    #[error("PYRO_BACKEND=process runs commands on this host, without isolation")]
    NotAllowed,
    /// The human insists on KVM.
    #[error("PYRO_BACKEND=qemu-kvm: {why}")]
    NoKvm {
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
            Self::NoFirecracker => Kind::Usage,
            Self::NoQemu | Self::NoKvm { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoQemu => "no_vmm",
            Self::NoFirecracker => "no_firecracker",
            Self::NotAllowed => "host_compat_denied",
            Self::NoKvm { .. } => "no_kvm",
            Self::TooWeak { .. } => "isolation_too_weak",
            Self::NoJail { .. } => "no_jail",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoQemu => {
                vec!["install it: sudo apt-get install qemu-system-x86 (or: make setup)".into()]
            }
            Self::NoFirecracker => vec!["unset PYRO_BACKEND, or use qemu".into()],
            Self::NotAllowed => vec!["allow it with --allow-host-compat".into()],
            Self::NoKvm { hint, .. } => {
                hint.iter().cloned().chain(["or use PYRO_BACKEND=qemu-tcg".into()]).collect()
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

/// Decides.
///
/// # Errors
/// [`NoBackend`].
pub fn choose(
    facts: &HostFacts,
    wanted: BackendChoice,
    required: Option<Isolation>,
    allow_weak: bool,
) -> Result<Choice, NoBackend> {
    match wanted {
        BackendChoice::Firecracker => return Err(NoBackend::NoFirecracker),
        BackendChoice::Process => return Err(NoBackend::NotAllowed),
        _ => {}
    }
    let qemu = facts.qemu.clone().ok_or(NoBackend::NoQemu)?;
    let mut reasons = Vec::new();
    let accelerator = match wanted {
        BackendChoice::QemuTcg => {
            reasons.push("PYRO_BACKEND=qemu-tcg asks for software emulation".to_owned());
            Accelerator::Tcg
        }
        _ if facts.kvm.usable() => Accelerator::Kvm,
        BackendChoice::QemuKvm => {
            return Err(NoBackend::NoKvm { why: facts.kvm.to_string(), hint: facts.kvm.hint() });
        }
        _ => {
            reasons.push(facts.kvm.to_string());
            Accelerator::Tcg
        }
    };
    reasons.extend(facts.jail.reasons.iter().cloned());
    let choice = Choice { qemu, accelerator, jail: facts.jail.tier, reasons };
    refuse_too_weak(&choice, required, allow_weak)?;
    Ok(choice)
}

fn refuse_too_weak(
    choice: &Choice,
    required: Option<Isolation>,
    allow_weak: bool,
) -> Result<(), NoBackend> {
    let (best, why) = (choice.isolation(), choice.reasons.join("; "));
    if let Some(required) = required
        && best < required
    {
        return Err(NoBackend::TooWeak { required, best, why });
    }
    if best == Isolation::EmulatedVm && choice.jail == Tier::None && !allow_weak {
        return Err(NoBackend::NoJail { why });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::kvm::KvmOutcome;

    fn facts(kvm: KvmOutcome, qemu: bool, tier: Tier) -> HostFacts {
        HostFacts {
            kvm: KvmReport { device: "/dev/kvm".into(), outcome: kvm },
            qemu: qemu.then(|| "/usr/bin/qemu-system-x86_64".into()),
            jail: TierReport { tier, reasons: vec![] },
        }
    }

    fn says(facts: &HostFacts, wanted: BackendChoice, required: Option<Isolation>) -> String {
        match choose(facts, wanted, required, false) {
            Ok(choice) => format!("{:?} {}", choice.accelerator, choice.reasons.join("; ")),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn the_fall_back_matrix() {
        use BackendChoice::{Auto, Firecracker, Qemu, QemuKvm, QemuTcg};
        let works = facts(KvmOutcome::Works, true, Tier::Full);
        let broken =
            facts(KvmOutcome::GuestFailed { exit_reason: 17, suberror: Some(1) }, true, Tier::Full);
        let nothing = facts(KvmOutcome::Works, false, Tier::Full);
        for wanted in [Auto, Qemu, QemuKvm] {
            assert_eq!(says(&works, wanted, None), "Kvm ");
            assert_eq!(says(&nothing, wanted, None), "no_vmm");
        }
        for wanted in [Auto, Qemu] {
            let said = says(&broken, wanted, None);
            assert!(said.starts_with("Tcg ") && said.contains("cannot run guests"), "{said}");
        }
        assert_eq!(says(&broken, QemuKvm, None), "no_kvm");
        assert!(says(&works, QemuTcg, None).contains("PYRO_BACKEND=qemu-tcg"));
        assert_eq!(says(&works, Firecracker, None), "no_firecracker");
    }

    #[test]
    fn what_is_too_weak_is_refused() {
        let broken = facts(KvmOutcome::Missing, true, Tier::Full);
        let hardware = Some(Isolation::HardwareVm);
        assert_eq!(says(&broken, BackendChoice::Auto, hardware), "isolation_too_weak");
        let works = facts(KvmOutcome::Works, true, Tier::None);
        assert_eq!(says(&works, BackendChoice::Auto, hardware), "Kvm ");
        let open = facts(KvmOutcome::Missing, true, Tier::None);
        assert_eq!(says(&open, BackendChoice::Auto, None), "no_jail");
        assert!(choose(&open, BackendChoice::Auto, None, true).is_ok());
    }
}
