//! Judges the virtual machine monitors that were found: Firecracker and QEMU. One of them is
//! enough, so only what keeps every machine from running is a problem.

use super::finding::{Finding, Level};
use super::observe::Observations;
use crate::config::{BackendChoice, Isolation, env_var};
use crate::machine::choose::{Choice, ChosenVmm, INSTALL_FIRECRACKER, NoBackend};
use crate::machine::firecracker::program::{Found, Source};
use crate::machine::firecracker::version::Version;

/// What is said about Firecracker. Where the user insists on one and has none, the finding about
/// the settings is the problem, and this one only says what is there.
pub(super) fn firecracker(seen: &Observations) -> Finding {
    const TOPIC: &str = "firecracker";
    let Some(found) = &seen.host.firecracker else {
        return match unused(seen) {
            Some(why) => Finding::new(TOPIC, Level::Ok, format!("not installed; {why}")),
            None => Finding::new(TOPIC, Level::Warning, "not installed")
                .hint(INSTALL_FIRECRACKER.to_owned()),
        };
    };
    let Some(version) = found.usable() else {
        let level = if unused(seen).is_some() { Level::Ok } else { Level::Warning };
        return Finding::new(TOPIC, level, found.to_string()).hint(found.remedy());
    };
    let origin = match found.source {
        Source::Setting => env_var::PYRO_FIRECRACKER,
        Source::Installed => "installed by pyro",
        Source::SearchPath => "found on PATH",
    };
    let detail = format!("v{version} at {} ({origin})", found.path.display());
    if let Some(why) = unused(seen) {
        return Finding::new(TOPIC, Level::Ok, format!("{detail}; not used: {why}"));
    }
    match doubts(found, version) {
        None => Finding::new(TOPIC, Level::Ok, detail),
        Some(doubts) => {
            Finding::new(TOPIC, Level::Warning, format!("{detail}: {doubts}")).hint(found.remedy())
        }
    }
}

/// Why no Firecracker would be used, however good.
fn unused(seen: &Observations) -> Option<&'static str> {
    match seen.wanted {
        BackendChoice::Auto | BackendChoice::Firecracker if seen.host.kvm.usable() => None,
        BackendChoice::Auto | BackendChoice::Firecracker => Some("it needs a KVM that runs guests"),
        BackendChoice::Qemu | BackendChoice::QemuKvm | BackendChoice::QemuTcg => {
            Some("PYRO_BACKEND asks for QEMU")
        }
        BackendChoice::Process => Some("PYRO_BACKEND asks for no machine"),
    }
}

/// What is not as good as it could be about a Firecracker that works.
fn doubts(found: &Found, version: Version) -> Option<String> {
    let old = version < Version::OLDEST_SUPPORTED;
    let old = old.then(|| format!("its makers mend v{} and later", Version::OLDEST_SUPPORTED));
    let dynamic = "it is not the official static build, and such builds \
                   often lack Firecracker's own seccomp filters";
    let dynamic = (!found.is_static).then(|| dynamic.to_owned());
    let doubts: Vec<String> = old.into_iter().chain(dynamic).collect();
    (!doubts.is_empty()).then(|| doubts.join("; "))
}

/// Whether machines run on QEMU only because no usable Firecracker is there.
pub(super) fn lacks_firecracker(seen: &Observations, isolation: Isolation) -> bool {
    let usable = seen.host.firecracker.as_ref().is_some_and(|found| found.usable().is_some());
    isolation == Isolation::HardwareVm && unused(seen).is_none() && !usable
}

/// What is said about QEMU.
pub(super) fn qemu(seen: &Observations, choice: Result<&Choice, &NoBackend>) -> Finding {
    const TOPIC: &str = "qemu";
    let needed = match choice {
        Ok(choice) => matches!(choice.vmm, ChosenVmm::Qemu { .. }),
        Err(NoBackend::NoVmm { .. } | NoBackend::NoQemu { .. }) => true,
        Err(_) => false,
    };
    let bad = if needed { Level::Problem } else { Level::Warning };
    match &seen.qemu {
        Some(qemu) => match &qemu.version {
            Some(version) => {
                Finding::new(TOPIC, Level::Ok, format!("{version} at {}", qemu.path.display()))
            }
            None => {
                Finding::new(TOPIC, bad, format!("{} does not run as QEMU", qemu.path.display()))
                    .hint(format!("point {} to a QEMU, or unset it", env_var::PYRO_QEMU))
            }
        },
        None if choice.is_ok() => {
            Finding::new(TOPIC, Level::Ok, "not installed; Firecracker is used")
        }
        None => Finding::new(TOPIC, bad, "qemu-system-x86_64 is not installed")
            .hint("sudo apt-get install qemu-system-x86".to_owned()),
    }
}
