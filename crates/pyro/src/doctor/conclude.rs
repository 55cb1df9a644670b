//! Judges what was observed. Asks nobody.

use super::finding::{Finding, Level};
use super::monitors;
use super::{Diagnosis, Directory, Kvm, Machines, Memory, Observations};
use crate::config::{BackendChoice, Isolation, env_var};
use crate::environment::Entry;
use crate::error::{Diagnose, Report};
use crate::machine::Accelerator;
use crate::machine::choose::{Choice, ChosenVmm, INSTALL_FIRECRACKER, NoBackend, choose};
use crate::machine::jail::Tier;

const GIB: u64 = 1 << 30;
const MIB: u64 = 1 << 20;

/// Less free disk than this, and preparing an environment may fail.
const LITTLE_DISK: u64 = 2 * GIB;
/// Less free memory than this, and a machine of the default size (1 GiB) may fail.
const LITTLE_MEMORY: u64 = 3 * GIB / 2;

/// The diagnosis of a host.
#[must_use]
pub fn conclude(seen: Observations) -> Diagnosis {
    let choice = choose(&seen.host, seen.wanted, seen.required, false);
    let findings = findings(&seen, choice.as_ref());
    let problem = findings.iter().find(|finding| finding.level == Level::Problem);
    let machines = choice.ok().filter(|_| problem.is_none()).map(machines);
    let (verdict, advice) = match (&machines, problem) {
        (Some(machines), _) => (will_run(machines), better(&seen, machines)),
        (None, problem) => cannot_run(problem),
    };
    Diagnosis {
        ready: machines.is_some(),
        verdict,
        advice,
        machines,
        findings,
        platform: seen.platform,
        kvm: Kvm {
            usable: seen.host.kvm.usable(),
            reason: seen.host.kvm.to_string(),
            report: seen.host.kvm,
        },
        firecracker: seen.host.firecracker,
        qemu: seen.qemu,
        jail: seen.host.jail,
        environments: seen.environments.unwrap_or_default(),
        directories: seen.directories,
        memory: seen.memory,
    }
}

fn machines(choice: Choice) -> Machines {
    let (backend, vmm) = match &choice.vmm {
        ChosenVmm::Firecracker { version, .. } => {
            ("firecracker", format!("Firecracker v{version}"))
        }
        ChosenVmm::Qemu { accelerator: Accelerator::Kvm, .. } => {
            ("qemu-kvm", "QEMU with hardware virtualisation".into())
        }
        ChosenVmm::Qemu { accelerator: Accelerator::Tcg, .. } => {
            ("qemu-tcg", "QEMU with software emulation".into())
        }
    };
    Machines {
        backend,
        vmm,
        isolation: choice.isolation(),
        jail: choice.jail,
        reasons: choice.reasons,
    }
}

fn will_run(machines: &Machines) -> String {
    let Machines { vmm, isolation, jail, .. } = machines;
    format!("machines will run on {vmm}: {isolation}, jail {jail}")
}

fn cannot_run(problem: Option<&Finding>) -> (String, Vec<String>) {
    let why = problem.map_or("nothing to run them on", |problem| problem.detail.as_str());
    let advice = problem.and_then(|problem| problem.hint.clone()).into_iter().collect();
    (format!("machines cannot run here: {why}"), advice)
}

/// What the user could gain.
fn better(seen: &Observations, machines: &Machines) -> Vec<String> {
    let mut advice = Vec::new();
    if machines.isolation < Isolation::HardwareVm && seen.wanted != BackendChoice::QemuTcg {
        let how = seen.host.kvm.hint().unwrap_or_else(|| {
            "use a host whose KVM runs guests; here commands run all the same, only slower".into()
        });
        advice.push(format!("for hardware-vm and full speed: {how}"));
    }
    if monitors::lacks_firecracker(seen, machines.isolation) {
        advice.push(format!("for Firecracker instead of QEMU: {INSTALL_FIRECRACKER}"));
    }
    if machines.jail < Tier::Full {
        let reasons = seen.host.jail.reasons.join("; ");
        advice.push(format!("for the full jail, remove what is in its way: {reasons}"));
    }
    advice
}

fn findings(seen: &Observations, choice: Result<&Choice, &NoBackend>) -> Vec<Finding> {
    let mut findings = vec![
        platform(seen),
        kvm(seen),
        monitors::firecracker(seen),
        monitors::qemu(seen, choice),
        jail(seen, choice),
    ];
    findings.extend(choice.err().and_then(settings));
    findings.push(environments(&seen.environments));
    findings.push(building(seen));
    findings.extend(seen.directories.iter().map(directory));
    findings.push(memory(seen.memory));
    findings.push(network(&seen.proxy));
    findings
}

/// What to expect of guests that are given a network; the rest of it depends on no host.
fn network(proxy: &Result<Option<&'static str>, String>) -> Finding {
    let way = "guests that are given a network have TCP and DNS; other UDP, and ICMP, fail at once";
    match proxy {
        Ok(None) => Finding::new("network", Level::Ok, way),
        Ok(Some(setting)) => {
            Finding::new("network", Level::Ok, format!("{way}; through the proxy of {setting}"))
        }
        Err(why) => Finding::new("network", Level::Warning, why.as_str())
            .hint("guests' connections fail: name a proxy with http://, or unset it".to_owned()),
    }
}

fn platform(seen: &Observations) -> Finding {
    let platform = &seen.platform;
    let detail =
        format!("{} {}, kernel {}", platform.system, platform.architecture, platform.kernel);
    if (platform.system.as_str(), platform.architecture.as_str()) == ("linux", "x86_64") {
        Finding::new("platform", Level::Ok, detail)
    } else {
        Finding::new("platform", Level::Problem, detail)
            .hint("machines run on Linux on x86_64 only".to_owned())
    }
}

fn kvm(seen: &Observations) -> Finding {
    if seen.host.kvm.usable() {
        return Finding::new("kvm", Level::Ok, seen.host.kvm.to_string());
    }
    let instead = || "machines can run on software emulation instead".to_owned();
    Finding::new("kvm", Level::Warning, seen.host.kvm.to_string())
        .hint(seen.host.kvm.hint().unwrap_or_else(instead))
}

/// QEMU's own policy does not call emulation a security boundary: there the jail is the wall.
fn jail(seen: &Observations, choice: Result<&Choice, &NoBackend>) -> Finding {
    let level = match seen.host.jail.tier {
        Tier::Full => Level::Ok,
        Tier::None if matches!(choice, Err(NoBackend::NoJail { .. })) => Level::Problem,
        Tier::Landlock | Tier::None => Level::Warning,
    };
    let mut detail = format!("{}", seen.host.jail.tier);
    if !seen.host.jail.reasons.is_empty() {
        detail = format!("{detail} ({})", seen.host.jail.reasons.join("; "));
    }
    let hint = (level > Level::Ok).then(|| {
        "allow unprivileged user namespaces, or use a kernel with Landlock (5.13 or later)".into()
    });
    Finding::new("jail", level, detail).hint(hint)
}

/// What the user insists on and cannot have. Other obstacles have findings of their own.
fn settings(obstacle: &NoBackend) -> Option<Finding> {
    let hint = match obstacle {
        NoBackend::NoVmm { .. } | NoBackend::NoQemu { .. } | NoBackend::NoJail { .. } => {
            return None;
        }
        NoBackend::TooWeak { best, .. } => {
            Some(format!("unset {} to accept {best}", env_var::PYRO_REQUIRE_ISOLATION))
        }
        NoBackend::NoFirecracker
        | NoBackend::UnfitFirecracker(_)
        | NoBackend::NotAllowed
        | NoBackend::NoKvm { .. } => obstacle.hints().pop(),
    };
    Some(Finding::new("settings", Level::Problem, obstacle.to_string()).hint(hint))
}

fn environments(environments: &Result<Vec<Entry>, Report>) -> Finding {
    const TOPIC: &str = "environments";
    let entries = match environments {
        Ok(entries) => entries,
        Err(report) => {
            return Finding::new(TOPIC, Level::Problem, &report.message)
                .hint(report.hints.first().cloned());
        }
    };
    let installed: Vec<&str> =
        entries.iter().filter(|entry| entry.installed).map(|entry| entry.name.as_str()).collect();
    let damaged = entries.iter().find_map(|entry| entry.problem.as_deref());
    if let Some(problem) = damaged {
        return Finding::new(TOPIC, Level::Warning, problem)
            .hint("`pyro env pull` makes it anew".to_owned());
    }
    if installed.is_empty() {
        Finding::new(TOPIC, Level::Ok, "none is prepared; the first run prepares what it needs")
    } else {
        Finding::new(TOPIC, Level::Ok, format!("prepared: {}", installed.join(", ")))
    }
}

fn building(seen: &Observations) -> Finding {
    // an environment that a registry has brings its own kernel
    if let (Some(report), None) = (&seen.kernel, &seen.registry) {
        return Finding::new("tools", Level::Problem, &report.message)
            .hint(report.hints.first().cloned());
    }
    let Some(report) = &seen.building else {
        return Finding::new(
            "tools",
            Level::Ok,
            "environments can be built from the Debian archive",
        );
    };
    let way = "its environments are made in a machine, of Debian's container image";
    let hint = report.hints.first().map(|hint| format!("for the quicker way: {hint}"));
    Finding::new("tools", Level::Warning, format!("{}: {way}", report.message)).hint(hint)
}

fn directory(directory: &Directory) -> Finding {
    let path = directory.path.display();
    match directory.free_bytes {
        Some(free) if free >= LITTLE_DISK => {
            Finding::new(directory.purpose, Level::Ok, format!("{path}, {} GiB free", free / GIB))
        }
        Some(free) => {
            let detail = format!("{path}, only {} MiB free", free / MIB);
            Finding::new(directory.purpose, Level::Warning, detail)
                .hint("free some space; `pyro env prune` removes what nothing uses".to_owned())
        }
        None => Finding::new(
            directory.purpose,
            Level::Warning,
            format!("{path}, whose disk does not tell its free space"),
        ),
    }
}

fn memory(memory: Memory) -> Finding {
    let (available, total) = (memory.available_bytes / MIB, memory.total_bytes / MIB);
    let detail = format!("{available} of {total} MiB available");
    if memory.available_bytes >= LITTLE_MEMORY {
        Finding::new("memory", Level::Ok, detail)
    } else {
        Finding::new("memory", Level::Warning, detail)
            .hint("give machines less than the usual 1024 MiB with --mem-mib".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Platform, Qemu};
    use super::*;
    use crate::error::Kind;
    use crate::machine::choose::HostFacts;
    use crate::machine::firecracker::program::{Condition, Found, Source};
    use crate::machine::firecracker::version::Version;
    use crate::machine::jail::TierReport;
    use crate::machine::kvm::{KvmOutcome, KvmReport};

    fn host(outcome: KvmOutcome) -> Observations {
        Observations {
            wanted: BackendChoice::Auto,
            required: None,
            platform: Platform {
                system: "linux".into(),
                architecture: "x86_64".into(),
                kernel: "6.1".into(),
            },
            host: HostFacts {
                kvm: KvmReport { device: "/dev/kvm".into(), outcome },
                firecracker: None,
                qemu: Some("/usr/bin/qemu".into()),
                jail: TierReport { tier: Tier::Full, reasons: Vec::new() },
            },
            qemu: Some(Qemu { path: "/usr/bin/qemu".into(), version: Some("7.2".into()) }),
            building: None,
            registry: None,
            kernel: None,
            environments: Ok(Vec::new()),
            directories: vec![Directory {
                purpose: "cache",
                path: "/c".into(),
                free_bytes: Some(9 * GIB),
            }],
            memory: Memory { total_bytes: 8 * GIB, available_bytes: 4 * GIB },
            proxy: Ok(None),
        }
    }

    fn opens_but_fails() -> KvmOutcome {
        KvmOutcome::GuestFailed { exit_reason: 17, suberror: Some(1) }
    }

    #[test]
    fn a_kvm_that_opens_but_runs_no_guest_is_named_and_emulation_is_used() {
        let diagnosis = conclude(host(opens_but_fails()));
        assert!(diagnosis.ready);
        assert_eq!(
            diagnosis.verdict,
            "machines will run on QEMU with software emulation: emulated-vm, jail full"
        );
        assert!(diagnosis.kvm.reason.contains("/dev/kvm opens but cannot run guests"));
        assert!(diagnosis.advice[0].starts_with("for hardware-vm and full speed: "));
        let kvm = diagnosis.findings.iter().find(|finding| finding.topic == "kvm").unwrap();
        assert_eq!(kvm.level, Level::Warning);
    }

    #[test]
    fn a_working_kvm_is_used_unless_the_user_wants_emulation() {
        let diagnosis = conclude(host(KvmOutcome::Works));
        let machines = diagnosis.machines.unwrap();
        assert_eq!((machines.backend, machines.isolation), ("qemu-kvm", Isolation::HardwareVm));
        assert!(diagnosis.advice[0].contains("pyro runtime install"), "{:?}", diagnosis.advice);
        let seen = Observations { wanted: BackendChoice::QemuTcg, ..host(KvmOutcome::Works) };
        let diagnosis = conclude(seen);
        assert_eq!(diagnosis.machines.unwrap().backend, "qemu-tcg");
        assert_eq!(diagnosis.advice, Vec::<String>::new());
    }

    fn with_firecracker(outcome: KvmOutcome, condition: Condition) -> Observations {
        let mut seen = host(outcome);
        let path = "/fc".into();
        seen.host.firecracker =
            Some(Found { path, source: Source::Installed, is_static: true, condition });
        seen
    }

    fn level(diagnosis: &Diagnosis, topic: &str) -> (Level, String) {
        let finding = diagnosis.findings.iter().find(|finding| finding.topic == topic).unwrap();
        (finding.level, finding.detail.clone())
    }

    #[test]
    fn either_monitor_is_enough() {
        let version = Version::new(1, 16, 1);
        let mut seen = with_firecracker(KvmOutcome::Works, Condition::Usable { version });
        (seen.host.qemu, seen.qemu) = (None, None);
        let diagnosis = conclude(seen);
        assert_eq!(
            diagnosis.verdict,
            "machines will run on Firecracker v1.16.1: hardware-vm, jail full"
        );
        assert_eq!(diagnosis.advice, Vec::<String>::new());
        assert_eq!(level(&diagnosis, "qemu").0, Level::Ok);
        let seen = with_firecracker(opens_but_fails(), Condition::Usable { version });
        let diagnosis = conclude(seen);
        assert_eq!(diagnosis.machines.as_ref().unwrap().backend, "qemu-tcg");
        let (level, detail) = level(&diagnosis, "firecracker");
        assert_eq!(level, Level::Ok);
        assert!(detail.ends_with("not used: it needs a KVM that runs guests"), "{detail}");
    }

    #[test]
    fn an_old_a_foreign_and_an_unusable_firecracker_are_warned_of() {
        let old = Condition::Usable { version: Version::new(1, 12, 1) };
        let too_old = Condition::TooOld { version: Version::new(1, 11, 0) };
        let current = Condition::Usable { version: Version::OLDEST_SUPPORTED };
        let mut foreign = with_firecracker(KvmOutcome::Works, current.clone());
        foreign.host.firecracker.as_mut().unwrap().is_static = false;
        let cases = [
            (with_firecracker(KvmOutcome::Works, current), "firecracker", Level::Ok, ""),
            (foreign, "firecracker", Level::Warning, "not the official static build"),
            (with_firecracker(KvmOutcome::Works, old), "firecracker", Level::Warning, "mend"),
            (with_firecracker(KvmOutcome::Works, too_old), "qemu-kvm", Level::Warning, "too old"),
        ];
        for (seen, backend, expected, words) in cases {
            let diagnosis = conclude(seen);
            let (level, detail) = level(&diagnosis, "firecracker");
            assert!(level == expected && detail.contains(words), "{detail}");
            assert_eq!(diagnosis.machines.unwrap().backend, backend, "{detail}");
        }
    }

    #[test]
    fn each_thing_without_which_no_machine_runs_is_a_problem_with_a_remedy() {
        let base = || host(opens_but_fails());
        let no_kernel = report("there is no kernel for guests here", "PYRO_KERNEL names one");
        let mut no_qemu = base();
        (no_qemu.host.qemu, no_qemu.qemu) = (None, None);
        let mut no_jail = base();
        no_jail.host.jail.tier = Tier::None;
        let cases = [
            (no_qemu, "sudo apt-get install qemu-system-x86"),
            (no_jail, "Landlock"),
            (Observations { kernel: Some(no_kernel), ..base() }, "PYRO_KERNEL"),
            (Observations { wanted: BackendChoice::QemuKvm, ..base() }, "PYRO_BACKEND"),
            (Observations { wanted: BackendChoice::Firecracker, ..base() }, "PYRO_BACKEND"),
            (
                Observations { wanted: BackendChoice::Firecracker, ..host(KvmOutcome::Works) },
                "pyro runtime install",
            ),
            (Observations { required: Some(Isolation::HardwareVm), ..base() }, "REQUIRE"),
        ];
        for (seen, remedy) in cases {
            let diagnosis = conclude(seen);
            assert!(!diagnosis.ready && diagnosis.machines.is_none(), "{remedy}");
            assert!(diagnosis.verdict.starts_with("machines cannot run here: "), "{remedy}");
            assert!(diagnosis.advice.iter().any(|advice| advice.contains(remedy)), "{remedy}");
        }
    }

    fn report(message: &str, hint: &str) -> Report {
        let (code, hints) = ("a_code".into(), vec![hint.into()]);
        Report { kind: Kind::Host, code, message: message.into(), hints }
    }

    #[test]
    fn a_host_that_cannot_build_environments_has_machines_do_it() {
        let mut seen = host(opens_but_fails());
        seen.building = Some(report("this host lacks mmdebstrap", "apt-get install mmdebstrap"));
        let diagnosis = conclude(seen);
        let (level, detail) = level(&diagnosis, "tools");
        assert!(diagnosis.ready && level == Level::Warning, "{detail}");
        assert!(detail.contains("lacks mmdebstrap") && detail.contains("in a machine"), "{detail}");
    }

    #[test]
    fn little_space_and_memory_only_warn() {
        let mut seen = host(opens_but_fails());
        seen.directories[0].free_bytes = Some(GIB);
        seen.memory.available_bytes = GIB;
        let diagnosis = conclude(seen);
        let warned: Vec<&str> = diagnosis
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Warning && finding.hint.is_some())
            .map(|finding| finding.topic)
            .collect();
        assert_eq!((diagnosis.ready, warned), (true, vec!["kvm", "cache", "memory"]));
    }
}
