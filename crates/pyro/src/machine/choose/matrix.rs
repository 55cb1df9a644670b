//! Every host with every setting, as one table that a person can read.

use super::*;
use crate::error::Diagnose;
use crate::machine::firecracker::program::{Condition, Found, Source};
use crate::machine::jail::TierReport;
use crate::machine::kvm::{KvmOutcome, KvmReport};
use std::fmt::Write;

const BACKENDS: [(&str, BackendChoice); 6] = [
    ("auto", BackendChoice::Auto),
    ("firecracker", BackendChoice::Firecracker),
    ("qemu", BackendChoice::Qemu),
    ("qemu-kvm", BackendChoice::QemuKvm),
    ("qemu-tcg", BackendChoice::QemuTcg),
    ("process", BackendChoice::Process),
];
const REQUIREMENTS: [Option<Isolation>; 3] =
    [None, Some(Isolation::EmulatedVm), Some(Isolation::HardwareVm)];

fn kvm(outcome: KvmOutcome) -> KvmReport {
    KvmReport { device: "/dev/kvm".into(), outcome }
}

fn firecracker(condition: Condition) -> Option<Found> {
    let path = "/bin/firecracker".into();
    Some(Found { path, source: Source::SearchPath, is_static: true, condition })
}

fn hosts() -> Vec<HostFacts> {
    let broken = KvmOutcome::GuestFailed { exit_reason: 17, suberror: Some(1) };
    let firecrackers = [
        firecracker(Condition::Usable { version: Version::new(1, 16, 1) }),
        firecracker(Condition::TooOld { version: Version::new(1, 11, 0) }),
        firecracker(Condition::DoesNotRun { why: "it says \"\" instead of its version".into() }),
        None,
    ];
    let mut hosts = Vec::new();
    for outcome in [KvmOutcome::Works, broken] {
        for firecracker in &firecrackers {
            for qemu in [Some("/bin/qemu".into()), None] {
                let jail = TierReport { tier: Tier::Full, reasons: Vec::new() };
                let (kvm, firecracker) = (kvm(outcome.clone()), firecracker.clone());
                hosts.push(HostFacts { kvm, firecracker, qemu, jail });
            }
        }
    }
    hosts
}

fn title(host: &HostFacts) -> String {
    let kvm = if host.kvm.usable() { "KVM works" } else { "KVM does not work" };
    let firecracker = match host.firecracker.as_ref().map(|found| &found.condition) {
        None => "no Firecracker",
        Some(Condition::Usable { .. }) => "Firecracker",
        Some(Condition::TooOld { .. }) => "an old Firecracker",
        Some(Condition::DoesNotRun { .. }) => "a broken Firecracker",
    };
    let qemu = if host.qemu.is_some() { "QEMU" } else { "no QEMU" };
    format!("{kvm}, {firecracker}, {qemu}")
}

fn verdict(host: &HostFacts, wanted: BackendChoice, required: Option<Isolation>) -> String {
    match choose(host, wanted, required, false) {
        Ok(choice) => {
            let name = choice.backend(no_files()).name();
            let reasons: String = choice.reasons.iter().map(|why| format!("; {why}")).collect();
            format!("{name} ({}){reasons}", choice.isolation())
        }
        Err(obstacle) => format!("[{}] {obstacle}", obstacle.code()),
    }
}

fn no_files() -> BootFiles {
    BootFiles {
        kernel: PathBuf::new(),
        initramfs: PathBuf::new(),
        image: PathBuf::new(),
        disk: PathBuf::new(),
        disposable: true,
    }
}

/// One line per `PYRO_BACKEND`, below it what a `PYRO_REQUIRE_ISOLATION` changes.
fn row(host: &HostFacts, name: &str, wanted: BackendChoice) -> String {
    let verdicts = REQUIREMENTS.map(|required| verdict(host, wanted, required));
    let mut lines = format!("  {name:11}  {}\n", verdicts[0]);
    for (index, required) in REQUIREMENTS.iter().enumerate() {
        if let Some(required) = required
            && verdicts[index] != verdicts[index - 1]
        {
            writeln!(lines, "  requiring {required}: {}", verdicts[index]).unwrap();
        }
    }
    lines
}

/// One paragraph for all hosts that differ in nothing.
#[test]
fn the_fall_back_matrix() {
    let mut paragraphs: Vec<(String, Vec<String>)> = Vec::new();
    for host in hosts() {
        let body: String =
            BACKENDS.iter().map(|(name, wanted)| row(&host, name, *wanted)).collect();
        match paragraphs.iter_mut().find(|(known, _)| *known == body) {
            Some((_, titles)) => titles.push(title(&host)),
            None => paragraphs.push((body, vec![title(&host)])),
        }
    }
    let table = paragraphs.iter().map(|(body, titles)| format!("{}\n{body}", titles.join("\n")));
    insta::assert_snapshot!(table.collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_obstacle_has_a_next_step() {
    let refusals = hosts().into_iter().flat_map(|host| {
        let refused = move |(_, wanted)| choose(&host, wanted, REQUIREMENTS[2], false).err();
        BACKENDS.into_iter().filter_map(refused)
    });
    let mut steps: Vec<String> =
        refusals.map(|error| format!("{}: {}", error.code(), error.hints().join("; "))).collect();
    steps.sort();
    steps.dedup();
    insta::assert_snapshot!(steps.join("\n"));
}

#[test]
fn emulation_without_a_jail_is_refused_unless_allowed() {
    let mut host = hosts().pop().unwrap();
    host.qemu = Some("/bin/qemu".into());
    host.jail.tier = Tier::None;
    let chosen = |host: &HostFacts, allow| choose(host, BackendChoice::Auto, None, allow);
    assert_eq!(chosen(&host, false).unwrap_err().code(), "no_jail");
    assert_eq!(chosen(&host, true).unwrap().jail, Tier::None);
    host.kvm = kvm(KvmOutcome::Works);
    assert_eq!(chosen(&host, false).unwrap().isolation(), Isolation::HardwareVm);
}
