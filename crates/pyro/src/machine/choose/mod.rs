//! Which backend a machine gets on this host: the strongest isolation that works, or what the human
//! asked for, or a refusal that says what is missing. Pure: the facts are gathered before.

mod facts;
#[cfg(test)]
mod matrix;
mod obstacle;

pub use facts::HostFacts;
pub(crate) use facts::strongest_jail;
pub(crate) use obstacle::INSTALL_FIRECRACKER;
pub use obstacle::NoBackend;

use crate::config::{BackendChoice, Isolation};
use crate::machine::firecracker::version::Version;
use crate::machine::jail::Tier;
use crate::machine::{Accelerator, BackendSpec, BootFiles};
use serde::Serialize;
use std::path::PathBuf;

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// What runs the machine.
    pub vmm: ChosenVmm,
    /// The jail around it.
    pub jail: Tier,
    /// Why this and nothing better, one phrase each; empty where nothing is better.
    pub reasons: Vec<String>,
}

/// A virtual machine monitor that this host can use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenVmm {
    /// Firecracker on KVM.
    Firecracker {
        /// The program.
        program: PathBuf,
        /// What it says it is.
        version: Version,
    },
    /// QEMU.
    Qemu {
        /// The program.
        program: PathBuf,
        /// Hardware or software virtualisation.
        accelerator: Accelerator,
    },
}

impl Choice {
    /// How strongly a guest is kept apart.
    #[must_use]
    pub fn isolation(&self) -> Isolation {
        match self.vmm {
            ChosenVmm::Firecracker { .. } => Isolation::HardwareVm,
            ChosenVmm::Qemu { accelerator: Accelerator::Kvm, .. } => Isolation::HardwareVm,
            ChosenVmm::Qemu { accelerator: Accelerator::Tcg, .. } => Isolation::EmulatedVm,
        }
    }

    /// The machine's backend, for a guest that boots from these files.
    #[must_use]
    pub fn backend(&self, boot: BootFiles) -> BackendSpec {
        let jail = self.jail;
        match self.vmm.clone() {
            ChosenVmm::Firecracker { program, .. } => {
                BackendSpec::Firecracker { program, jail, boot }
            }
            ChosenVmm::Qemu { program, accelerator } => {
                BackendSpec::Qemu { program, accelerator, jail, boot }
            }
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
    let (vmm, mut reasons) = match wanted {
        BackendChoice::Auto => the_best(facts)?,
        BackendChoice::Firecracker => (firecracker(facts)?, Vec::new()),
        BackendChoice::Qemu => qemu(facts, "qemu")?,
        BackendChoice::QemuKvm => (qemu_on_kvm(facts)?, Vec::new()),
        BackendChoice::QemuTcg => {
            let reason = "PYRO_BACKEND=qemu-tcg asks for software emulation".to_owned();
            (qemu_with(facts, "qemu-tcg", Accelerator::Tcg)?, vec![reason])
        }
        BackendChoice::Process => return Err(NoBackend::NotAllowed),
    };
    reasons.extend(facts.jail.reasons.iter().cloned());
    let choice = Choice { vmm, jail: facts.jail.tier, reasons };
    refuse_too_weak(&choice, required, allow_weak)?;
    Ok(choice)
}

type Decision = Result<(ChosenVmm, Vec<String>), NoBackend>;

/// Firecracker on KVM, else QEMU on KVM, else QEMU's emulation.
fn the_best(facts: &HostFacts) -> Decision {
    let against = match against_firecracker(facts) {
        Ok(vmm) => return Ok((vmm, Vec::new())),
        Err(against) => against,
    };
    if facts.qemu.is_none() {
        let installable = facts.kvm.usable();
        return Err(NoBackend::NoVmm { firecracker: against, installable });
    }
    let (vmm, mut reasons) = qemu(facts, "auto")?;
    if facts.kvm.usable() {
        reasons.push(against);
    }
    Ok((vmm, reasons))
}

/// Firecracker, or a clause that says why not.
fn against_firecracker(facts: &HostFacts) -> Result<ChosenVmm, String> {
    if !facts.kvm.usable() {
        return Err(format!("Firecracker needs a KVM that works: {}", facts.kvm));
    }
    let found = facts.firecracker.as_ref().ok_or("Firecracker is not installed")?;
    let version = found.usable().ok_or_else(|| found.to_string())?;
    Ok(ChosenVmm::Firecracker { program: found.path.clone(), version })
}

/// Firecracker and nothing else.
fn firecracker(facts: &HostFacts) -> Result<ChosenVmm, NoBackend> {
    insist_on_kvm(facts, "firecracker")?;
    let found = facts.firecracker.as_ref().ok_or(NoBackend::NoFirecracker)?;
    against_firecracker(facts).map_err(|_| NoBackend::UnfitFirecracker(found.clone()))
}

fn qemu(facts: &HostFacts, backend: &'static str) -> Decision {
    if facts.kvm.usable() {
        return Ok((qemu_with(facts, backend, Accelerator::Kvm)?, Vec::new()));
    }
    let vmm = qemu_with(facts, backend, Accelerator::Tcg)?;
    Ok((vmm, vec![facts.kvm.to_string()]))
}

fn qemu_on_kvm(facts: &HostFacts) -> Result<ChosenVmm, NoBackend> {
    insist_on_kvm(facts, "qemu-kvm")?;
    qemu_with(facts, "qemu-kvm", Accelerator::Kvm)
}

fn qemu_with(
    facts: &HostFacts,
    backend: &'static str,
    accelerator: Accelerator,
) -> Result<ChosenVmm, NoBackend> {
    let program = facts.qemu.clone().ok_or(NoBackend::NoQemu { backend })?;
    Ok(ChosenVmm::Qemu { program, accelerator })
}

fn insist_on_kvm(facts: &HostFacts, backend: &'static str) -> Result<(), NoBackend> {
    if facts.kvm.usable() {
        return Ok(());
    }
    Err(NoBackend::NoKvm { backend, why: facts.kvm.to_string(), hint: facts.kvm.hint() })
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
