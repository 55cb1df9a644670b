//! The jail, tried from inside: a probe in the VMM's place attempts what a VMM that was taken over
//! would, as root's machine and as an ordinary user's. This program is also that probe, its
//! launcher and its shim: hidden first arguments say which.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

mod inside;
mod outside;
mod sys;

use libtest_mimic::{Arguments, Failed, Trial};
use outside::{Host, Who};
use pyro::error::Diagnose;
use pyro::machine::jail::{self, JailError, ProcessIdentity, Stage, Streams, Tier};
use rustix::process::{Pid, Signal, kill_process};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// The limit that the jails of this test have on a file's size, in bytes.
pub(crate) const FILE_SIZE: u64 = 1 << 30;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next().as_ref().and_then(|role| role.to_str()) {
        Some(jail::ROLE) => return jail::launcher_main(args),
        Some("__run") => return ExitCode::from(u8::try_from(outside::run()).unwrap()),
        Some("__shim") => outside::stay(),
        Some("__qemu") => {
            outside::ask_qemu();
            return ExitCode::SUCCESS;
        }
        Some("__tier") => {
            let report = jail::probe(&std::env::current_exe().unwrap());
            println!("{}", serde_json::to_string(&report).unwrap());
            return ExitCode::SUCCESS;
        }
        Some("__sleep") => outside::sleep(),
        Some("__exit") => return ExitCode::from(7),
        Some("__probe") => {
            let mut json = args.map(|arg| arg.into_string().unwrap());
            let tier = serde_json::from_str(&json.next().unwrap()).unwrap();
            inside::probe(tier, &serde_json::from_str(&json.next().unwrap()).unwrap());
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let mut arguments = Arguments::from_args();
    // A child that one test forks would hold the program open for writing that another one copies:
    // "text file busy".
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, tests()).exit_code()
}

fn tests() -> Vec<Trial> {
    let mut tests = vec![
        trial("no_jail_shows_that_the_probe_can_fail".into(), the_probe_can_fail),
        trial("this_host_gives_the_full_jail".into(), the_probe_of_tiers_finds_full),
        trial("forbidden_user_namespaces_are_named".into(), forbidden_user_namespaces_are_named),
        trial("a_missing_file_is_named_with_its_stage".into(), a_missing_file_is_named),
        trial("a_missing_program_is_named".into(), a_missing_program_is_named),
        trial("the_exit_status_is_the_programs".into(), the_exit_status_is_the_programs),
        trial("dropping_the_child_ends_it".into(), dropping_the_child_ends_it),
    ];
    for who in Who::all() {
        for tier in [Tier::Full, Tier::Landlock] {
            let of = format!("{tier}_jail_of_{}", who.name());
            tests.push(trial(format!("{of}_holds"), move || the_jail_holds(*who, tier)));
            tests
                .push(trial(format!("{of}_runs_qemu"), move || Host::new(*who).qemu_answers(tier)));
            tests.push(trial(format!("{of}_dies_with_the_shim"), move || {
                everything_dies_with(*who, tier, |shim, _| shim);
            }));
            tests.push(trial(format!("{of}_dies_with_the_launcher"), move || {
                everything_dies_with(*who, tier, |_, launcher| launcher);
            }));
        }
    }
    tests
}

fn trial(name: String, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || -> Result<(), Failed> {
        test();
        Ok(())
    })
}

fn the_jail_holds(who: Who, tier: Tier) {
    let findings = Host::new(who).findings(tier);
    assert_eq!(findings, inside::Findings::default(), "in tier {tier} for {}", who.name());
}

/// The same probe without a jail must report what only namespaces and Landlock forbid.
fn the_probe_can_fail() {
    let host = Host::new(Who::Ordinary);
    let mut spec = host.spec(Tier::None, "__probe");
    spec.args[1] = serde_json::to_string(&Tier::Full).unwrap();
    let findings = host.findings_of(&spec);
    for expected in [
        "read a file of the home",
        "write the home",
        "connect over TCP",
        "execute a shell",
        "see /sys",
    ] {
        assert!(findings.allowed.iter().any(|name| name == expected), "{expected}: {findings:?}");
    }
    assert_eq!(findings.missing, Vec::<String>::new());
}

fn everything_dies_with(who: Who, tier: Tier, victim: fn(Pid, Pid) -> Pid) {
    let host = Host::new(who);
    let (mut shim, machine) = host.sleeping_machine(tier);
    assert!(machine.iter().all(ProcessIdentity::is_running), "{machine:?}");
    let [launcher, _] = machine.map(|process| Pid::from_raw(process.pid).unwrap());
    let shim_pid = Pid::from_raw(i32::try_from(shim.id()).unwrap()).unwrap();
    kill_process(victim(shim_pid, launcher), Signal::KILL).unwrap();
    assert_all_end(&machine);
    shim.kill().unwrap();
    shim.wait().unwrap();
}

fn assert_all_end(machine: &[ProcessIdentity]) {
    let deadline = Instant::now() + Duration::from_secs(1);
    while machine.iter().any(ProcessIdentity::is_running) {
        assert!(Instant::now() < deadline, "still running after 1 s: {machine:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn the_probe_of_tiers_finds_full() {
    let host = Host::new(Who::all()[0]);
    let spec = host.spec(Tier::Full, "__exit");
    let report = jail::probe(&spec.program);
    assert_eq!((report.tier, report.reasons), (Tier::Full, vec![]));
}

fn forbidden_user_namespaces_are_named() {
    let report = Host::new(Who::Ordinary).tier_without_user_namespaces();
    assert_eq!(report.tier, Tier::Landlock, "{report:?}");
    let named = |reason: &String| reason.starts_with("user.max_user_namespaces=0");
    assert!(report.reasons.iter().any(named), "{report:?}");
}

fn a_missing_file_is_named() {
    let host = Host::new(Who::all()[0]);
    let mut spec = host.spec(Tier::Full, "__exit");
    spec.binds[0].host = "/nonexistent/kernel".into();
    let error = jail::spawn(&spec.program, &spec, Streams::discard()).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/kernel"), "{error}");
    let JailError::Failed { stage: Stage::Open, errno: Some(2), .. } = error else {
        panic!("{error:?}")
    };
}

fn a_missing_program_is_named() {
    let host = Host::new(Who::all()[0]);
    let executable = host.spec(Tier::None, "").program;
    let mut spec = host.spec(Tier::None, "__exit");
    spec.program = "/nonexistent/vmm".into();
    let error = jail::spawn(&executable, &spec, Streams::discard()).unwrap_err();
    assert_eq!(error.code(), "jail_execute", "{error}");
    assert!(error.to_string().contains("/nonexistent/vmm"), "{error}");
}

fn the_exit_status_is_the_programs() {
    let host = Host::new(Who::all()[0]);
    let spec = host.spec(Tier::Full, "__exit");
    // Often: the program may end before anybody has looked at it.
    for _ in 0..20 {
        let status = jail::spawn(&spec.program, &spec, Streams::discard()).unwrap().wait().unwrap();
        assert_eq!(status.code(), Some(7));
    }

    let spec = host.spec(Tier::Full, "__sleep");
    let mut child = jail::spawn(&spec.program, &spec, Streams::discard()).unwrap();
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
}

fn dropping_the_child_ends_it() {
    let host = Host::new(Who::all()[0]);
    let spec = host.spec(Tier::Full, "__sleep");
    let child = jail::spawn(&spec.program, &spec, Streams::discard()).unwrap();
    let machine = [child.launcher().unwrap(), child.vmm()];
    drop(child);
    assert_all_end(&machine);
}
