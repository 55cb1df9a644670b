//! Firecrackers that fail: at every stage of a boot the error says which stage it was and what came
//! of it, in time, and nothing of the machine is left. This program is also the shim, the jail's
//! launcher and the failing Firecracker: its arguments say which. What a real Firecracker does is
//! tried in the KVM lab.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

mod fake;
#[path = "../host/mod.rs"]
mod host;
#[path = "../machines/hostile/wire.rs"]
#[allow(dead_code, reason = "written for agents that do more")]
mod wire;

use fake::{LAST_WORDS, REFUSAL, STATUS};
use host::{Host, conduct, trial};
use libtest_mimic::Trial;
use pyro::error::{Kind, Report};
use pyro::machine::{BackendSpec, BootFiles, MachineSpec, jail};
use pyro::shim::protocol::{Assignment, Tenure};
use pyro::shim::{self, MachineDirectory};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Every stage at which Firecracker is told something.
const CONFIGURED: [&str; 6] =
    ["machine_config", "boot_source", "drive_image", "drive_disk", "vsock", "instance_start"];

/// Boot deadlines.
const SHORT: Duration = Duration::from_millis(1500);
const LONG: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    if let Some(code) = fake::play() {
        return code;
    }
    if std::env::args().nth(1).is_some_and(|role| role == jail::ROLE) {
        return jail::launcher_main(std::env::args_os().skip(2));
    }
    if let Some(code) = host::roles::play(|_, _| ExitCode::FAILURE) {
        return code;
    }
    let trials = at_every_stage().into_iter().chain(at_one_stage()).chain(good_ends());
    conduct(trials.collect()).exit_code()
}

/// A boot, and what is to be said about it.
#[derive(Clone, Copy)]
struct Expected {
    kind: Kind,
    code: &'static str,
    parts: [&'static str; 2],
}

fn at_every_stage() -> Vec<Trial> {
    let ended = |stage| Expected {
        kind: Kind::Guest,
        code: "vmm_ended_in_boot",
        parts: [stage, LAST_WORDS],
    };
    let refused =
        |stage| Expected { kind: Kind::Host, code: "vmm_refused", parts: [stage, REFUSAL] };
    let lost = |stage| Expected { kind: Kind::Host, code: "vmm_lost", parts: [stage, ""] };
    let silent =
        |stage| Expected { kind: Kind::Timeout, code: "boot_deadline", parts: [stage, ""] };
    let mut trials = Vec::new();
    for stage in CONFIGURED {
        trials.push(failing(format!("dies_at_{stage}"), ended(stage)));
        trials.push(failing(format!("refuses_at_{stage}"), refused(stage)));
        trials.push(failing(format!("stops_answering_at_{stage}"), silent(stage)));
        for fault in ["babbles", "answers_without_end", "closes_and_lives"] {
            trials.push(failing(format!("{fault}_at_{stage}"), lost(stage)));
        }
    }
    trials
}

fn at_one_stage() -> Vec<Trial> {
    let expected = |kind, code, parts| Expected { kind, code, parts };
    let cases = [
        ("dies_at_once", expected(Kind::Guest, "vmm_ended_in_boot", ["api_socket", LAST_WORDS])),
        ("never_listens", expected(Kind::Timeout, "boot_deadline", ["api_socket", ""])),
        ("lacks_seccomp", expected(Kind::Host, "vmm_unconfined", ["seccomp", "thread"])),
        (
            "dies_with_its_guest",
            expected(Kind::Guest, "vmm_ended_in_boot", ["exit status: 9", LAST_WORDS]),
        ),
        ("its_guest_never_calls", expected(Kind::Timeout, "boot_deadline", ["stage agent", ""])),
        ("drops_every_call", expected(Kind::Timeout, "boot_deadline", ["stage agent", ""])),
        ("floods_its_console", expected(Kind::Timeout, "boot_deadline", ["stage agent", "xxxx"])),
    ];
    let mut trials: Vec<Trial> =
        cases.into_iter().map(|(fault, expected)| failing(fault.into(), expected)).collect();
    trials.push(trial("a_missing_firecracker_is_named", missing));
    trials.push(trial("what_is_no_program_is_named", no_program));
    trials
}

fn good_ends() -> Vec<Trial> {
    ["behaves", "listens_late", "drops_some_calls", "hangs_the_first_call"]
        .map(|fault| trial(format!("{fault}_and_is_used"), move || succeed(fault)))
        .into()
}

fn failing(fault: String, expected: Expected) -> Trial {
    trial(fault.clone(), move || fail(fault, expected))
}

async fn fail(fault: String, expected: Expected) {
    let host = Host::new();
    let program = host.home().join(format!("firecracker-{fault}"));
    symlink(&host.config.executable, &program).unwrap();
    // the two tries of a boot that nothing comes of
    let deadline = if expected.kind == Kind::Timeout { SHORT } else { LONG };
    let begun = Instant::now();
    let report = boot(&host, program, deadline).await.expect_err("the machine came up");
    assert!(begun.elapsed() < Duration::from_secs(8), "took {:?}", begun.elapsed());
    assert_eq!((report.kind, report.code.as_str()), (expected.kind, expected.code), "{report:?}");
    for part in expected.parts {
        assert!(report.message.contains(part), "{part:?} is not in {report:?}");
    }
    let status = format!("exit status: {STATUS}");
    assert_eq!(report.message.contains(&status), report.code == "vmm_ended_in_boot", "{report:?}");
    assert!(report.message.len() < 4096 && !report.hints.is_empty(), "{report:?}");
    host.assert_clean().await;
}

async fn succeed(fault: &'static str) {
    let host = Host::new();
    let program = host.home().join(format!("firecracker-{fault}"));
    symlink(&host.config.executable, &program).unwrap();
    boot(&host, program, LONG).await.unwrap();
    host.assert_clean().await;
}

async fn missing() {
    let host = Host::new();
    let program = host.home().join("firecracker-missing");
    let report = boot(&host, program.clone(), LONG).await.unwrap_err();
    assert!(report.message.contains(&*program.to_string_lossy()), "{report:?}");
    assert_eq!(report.kind, Kind::Host, "{report:?}");
    host.assert_clean().await;
}

async fn no_program() {
    let host = Host::new();
    let program = host.home().join("firecracker-text");
    std::fs::write(&program, "this is no program").unwrap();
    let report = boot(&host, program.clone(), LONG).await.unwrap_err();
    assert!(report.message.contains(&*program.to_string_lossy()), "{report:?}");
    host.assert_clean().await;
}

/// Boots a machine on this Firecracker, waits for the outcome and ends it.
async fn boot(host: &Host, program: PathBuf, deadline: Duration) -> Result<(), Report> {
    let (directory, lock) = MachineDirectory::create(&host.machines(), "vm-test").unwrap();
    let executable = &host.config.executable;
    let backend = BackendSpec::Firecracker {
        program,
        jail: jail::probe(executable).tier,
        boot: files(&directory),
    };
    let assignment = Assignment {
        pyro: env!("CARGO_PKG_VERSION").into(),
        machine: MachineSpec { id: "vm-test".into(), vcpu_count: 1, mem_mib: 128, backend },
        network: None,
        tenure: Tenure::Leased,
        ttl_seconds: 60,
        boot_deadlines: [deadline; 2],
        cache: host.home().into(),
        ca_bundle: None,
    };
    let shim = shim::launch(executable, &directory, lock, &assignment).unwrap();
    let ready = shim.ready().await.map_err(|error| error.report());
    shim.end().await.unwrap();
    ready
}

/// Files that nobody reads.
fn files(directory: &MachineDirectory) -> BootFiles {
    let file = |name: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, name).unwrap();
        path
    };
    BootFiles {
        kernel: file("kernel"),
        initramfs: file("initramfs"),
        image: file("image"),
        disk: file("disk"),
        disposable: true,
    }
}
