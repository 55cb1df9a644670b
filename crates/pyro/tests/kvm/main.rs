//! The KVM probe against devices that are not KVM, and against this host's own, whatever it is.
//! This program is also the probe's child: hidden first arguments say so.
#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

use libtest_mimic::{Arguments, Failed, Trial};
use pyro::machine::kvm::{self, KvmOutcome};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|role| role == kvm::ROLE) {
        return kvm::probe_main(args);
    }
    let tests = vec![
        Trial::test("a_missing_device_is_missing", a_missing_device_is_missing),
        Trial::test("another_device_creates_no_vm", another_device_creates_no_vm),
        Trial::test("a_child_that_hangs_is_killed", a_child_that_hangs_is_killed),
        Trial::test("a_child_that_babbles_is_reported", a_child_that_babbles_is_reported),
        Trial::test("this_host_gets_a_definite_answer", this_host_gets_a_definite_answer),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

fn probe(device: &str) -> KvmOutcome {
    kvm::probe(&std::env::current_exe().unwrap(), Path::new(device)).outcome
}

fn a_missing_device_is_missing() -> Result<(), Failed> {
    assert_eq!(probe("/dev/does-not-exist"), KvmOutcome::Missing);
    Ok(())
}

fn another_device_creates_no_vm() -> Result<(), Failed> {
    let outcome = probe("/dev/zero");
    assert!(matches!(outcome, KvmOutcome::CannotCreateVm { errno: 25 }), "{outcome:?}"); // ENOTTY
    Ok(())
}

/// A shell script in place of the executable; `/dev/zero` opens, so the child is really started.
fn with_child(script: &str) -> KvmOutcome {
    let home = tempfile::tempdir().unwrap();
    let executable: PathBuf = home.path().join("child");
    std::fs::write(&executable, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&executable, std::fs::Permissions::from_mode(0o755)).unwrap();
    kvm::probe(&executable, Path::new("/dev/zero")).outcome
}

fn a_child_that_hangs_is_killed() -> Result<(), Failed> {
    let started = Instant::now();
    assert_eq!(with_child("exec sleep 60"), KvmOutcome::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(5));
    Ok(())
}

fn a_child_that_babbles_is_reported() -> Result<(), Failed> {
    assert!(matches!(with_child("echo works"), KvmOutcome::ProbeFailed { .. }));
    Ok(())
}

fn this_host_gets_a_definite_answer() -> Result<(), Failed> {
    let report = kvm::probe(&std::env::current_exe().unwrap(), Path::new(kvm::DEVICE));
    let is_unclear = matches!(report.outcome, KvmOutcome::ProbeFailed { .. });
    assert!(!is_unclear, "{report}");
    assert_eq!(report.usable(), report.outcome == KvmOutcome::Works);
    Ok(())
}
