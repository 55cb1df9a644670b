//! Agents that mean harm, against the shim and the library: whatever they do, the call ends in time
//! with an error that says what happened, the host's memory stays flat, and nothing is left behind.

mod agent;
mod memory;
mod wire;

pub(crate) use agent::{act, is_hostile};

use crate::host::processes::{playing, shim};
use crate::host::{Host, command, machine, trial};
use agent::make_hostile;
use libtest_mimic::Trial;
use memory::Peak;
use pyro::error::Kind;
use pyro::vm::{Output, VmSpec};
use std::time::{Duration, Instant};

pub(crate) fn trials() -> Vec<Trial> {
    let runs = RUNS.iter().map(|run| trial(run.behaviour, || survive(run)));
    let unread = UNREAD.iter().map(|behaviour| {
        trial(format!("{behaviour}_and_nobody_reads"), move || stay_flat_unread(behaviour))
    });
    let others: [Trial; 2] = [
        trial("an_agent_that_outlives_its_channel_is_swept_away", outlive),
        trial("an_agent_that_never_reads_holds_stdin_back", never_read),
    ];
    runs.chain(unread).chain(others).collect()
}

/// One command in a machine whose agent misbehaves, and what must come of it.
struct Run {
    behaviour: &'static str,
    outcome: Outcome,
    /// In seconds.
    within: u64,
}

#[derive(Clone, Copy)]
enum Outcome {
    Exit(i32),
    /// Kind and code of the error, and a part of its message.
    Error(Kind, &'static str, &'static str),
}

use Outcome::{Error, Exit};

const BAD_HANDSHAKE: &str = "bad_handshake";
const BOOT_DEADLINE: Outcome = Error(Kind::Timeout, "boot_deadline", "did not answer within");
const LOST: &str = "machine_gone";
const PROTOCOL: &str = "guest_protocol";
const TTL: Outcome = Error(Kind::Guest, LOST, "its time to live of 2 s is over");

const fn run(behaviour: &'static str, outcome: Outcome) -> Run {
    Run { behaviour, outcome, within: 8 }
}

const RUNS: [Run; 41] = [
    run("dies_at_once", Error(Kind::Guest, "vmm_ended_in_boot", "exit status: 3")),
    run("kills_itself_at_once", Error(Kind::Guest, "vmm_ended_in_boot", "SIGKILL")),
    run("never_answers", BOOT_DEADLINE),
    run("closes_and_lives_on", Error(Kind::Guest, BAD_HANDSHAKE, "ended during the handshake")),
    run("greets_after_garbage", Exit(0)),
    run("babbles_for_ever", Error(Kind::Guest, BAD_HANDSHAKE, "no greeting among its bytes")),
    run("trickles_a_greeting", BOOT_DEADLINE),
    run("greets_another_host", BOOT_DEADLINE),
    run("greets_by_half", BOOT_DEADLINE),
    run("greets_with_two_megabytes", Error(Kind::Guest, BAD_HANDSHAKE, "too long")),
    run("greets_with_four_gigabytes", Error(Kind::Guest, BAD_HANDSHAKE, "too long")),
    run("greets_unreadably", Error(Kind::Guest, BAD_HANDSHAKE, "cannot be read")),
    run(
        "greets_in_another_generation",
        Error(Kind::Guest, BAD_HANDSHAKE, "speaks protocol 8 to 13"),
    ),
    run("reports_an_endless_boot_failure", Error(Kind::Guest, "guest_boot_failed", "mount_root")),
    run("leaves_after_the_greeting", Error(Kind::Guest, LOST, "exit status: 0")),
    run("kills_itself_after_the_greeting", Error(Kind::Guest, LOST, "SIGKILL")),
    run("sends_garbage", Error(Kind::Guest, LOST, "unknown frame kind 247")),
    run("claims_a_huge_frame", Error(Kind::Guest, LOST, "more than the limit of 65536")),
    run("sends_half_a_frame", TTL),
    run("opens_a_stream_of_the_hosts", Error(Kind::Guest, LOST, "stream 7 cannot be opened")),
    run("opens_streams_for_ever", Error(Kind::Guest, LOST, "flooded")),
    run("sends_credit_for_nothing", TTL),
    run("obeys_among_foreign_frames", Exit(7)),
    run("never_ends_the_command", TTL),
    run("trickles_a_frame", TTL),
    run("dies_in_the_command", Error(Kind::Guest, LOST, "exit status: 3")),
    run("kills_itself_in_the_command", Error(Kind::Guest, LOST, "SIGKILL")),
    run("closes_in_the_command_and_lives_on", Error(Kind::Guest, LOST, "agent is lost")),
    run("finishes_without_an_exit", Error(Kind::Guest, PROTOCOL, "ended without its exit")),
    run("exits_unreadably", Error(Kind::Guest, PROTOCOL, "exit message that cannot be read")),
    run(
        "exits_with_another_type",
        Error(Kind::Guest, PROTOCOL, "exit message that cannot be read"),
    ),
    run("exits_with_999", Error(Kind::Guest, PROTOCOL, "no exit code")),
    run("exits_below_zero", Error(Kind::Guest, PROTOCOL, "no exit code")),
    run("exits_by_signal_900", Error(Kind::Guest, PROTOCOL, "no signal")),
    run("takes_eternity", Exit(0)),
    run("refuses_unreadably", Error(Kind::Guest, "guest_failed", "no readable reason")),
    run("ignores_the_window", Error(Kind::Guest, LOST, "more than its window")),
    run("ignores_the_window_in_crumbs", Error(Kind::Guest, LOST, "more than its window")),
    run("grants_endless_credit", Error(Kind::Guest, LOST, "more than its window")),
    run(
        "sends_messages_for_ever",
        Error(Kind::Guest, PROTOCOL, "exit message that cannot be read"),
    ),
    run(
        "sends_large_messages_for_ever",
        Error(Kind::Guest, PROTOCOL, "exit message that cannot be read"),
    ),
];

/// What an agent may send while the front end reads nothing.
const UNREAD: [&str; 5] = [
    "writes_for_ever",
    "sends_messages_for_ever",
    "sends_large_messages_for_ever",
    "wraps_its_output_in_large_messages",
    "sends_credit_for_nothing",
];

fn host_of(behaviour: &str) -> Host {
    let host = Host::new();
    make_hostile(&host, behaviour);
    host
}

/// Short enough for a test, long enough for two boot deadlines.
fn short_lived() -> VmSpec {
    VmSpec { ttl_seconds: 2, ..machine() }
}

async fn survive(run: &Run) {
    let mut host = host_of(run.behaviour);
    if let Error(Kind::Timeout, ..) = run.outcome {
        host.config.boot_deadlines = [Duration::from_millis(300); 2];
    }
    let peak = Peak::watch();
    let begun = Instant::now();
    let result = host.run(short_lived(), "true").await;
    let took = begun.elapsed();
    peak.assert_flat();
    match (run.outcome, result) {
        (Exit(code), result) => assert_eq!(result.unwrap().exit_code, code),
        (Error(kind, code, part), result) => {
            let error = result.expect_err("the run succeeded");
            let report = error.report();
            assert_eq!((report.kind, report.code.as_str()), (kind, code), "{report:?}");
            assert!(report.message.contains(part), "{report:?}");
            assert!(report.message.len() < 4096 && !report.message.contains('\x1b'), "{report:?}");
        }
    }
    assert!(took < Duration::from_secs(run.within), "took {took:?}");
    host.assert_clean().await;
}

async fn stay_flat_unread(behaviour: &str) {
    let host = host_of(behaviour);
    let vm = host.start(&machine()).await.unwrap();
    let peak = Peak::watch();
    let mut execution = vm.exec(command("true")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(800)).await;
    peak.assert_flat();
    // whoever reads at last gets data or an error, and never waits long for a machine to go
    let next = tokio::time::timeout(Duration::from_secs(2), execution.next()).await;
    assert!(!matches!(next, Ok(Ok(Output::Exited(_)))), "{next:?}");
    let deleted = tokio::time::timeout(Duration::from_secs(3), vm.delete()).await;
    deleted.expect("the machine could not be deleted in time").unwrap();
    drop(execution);
    host.assert_clean().await;
}

/// The shim is killed, and the agent minds neither the end of its channel nor SIGTERM.
async fn outlive() {
    let host = host_of("outlives_its_channel");
    let vm = host.start(&machine()).await.unwrap();
    let mut execution = vm.exec(command("true")).await.unwrap();
    let agent = playing(pyro::machine::process::AGENT_ROLE).unwrap();
    shim().unwrap().kill();
    let error = execution.next().await.unwrap_err();
    assert_eq!(error.code(), LOST, "{error}");
    assert!(agent.is_alive(), "it was supposed to stay");
    drop((vm, execution));
    pyro::shim::sweep(&host.machines()).unwrap();
    assert!(!agent.is_alive());
    host.assert_clean().await;
}

/// stdin that no guest reads fills the windows and then waits; the machine can still be ended.
async fn never_read() {
    let host = host_of("never_reads");
    let vm = host.start(&machine()).await.unwrap();
    let peak = Peak::watch();
    let mut execution =
        vm.exec(pyro_proto::request::Exec { stdin: true, ..command("cat") }).await.unwrap();
    let mut stdin = execution.take_stdin().unwrap();
    let endless = vec![0; 64 << 20];
    let sent = tokio::time::timeout(Duration::from_secs(1), stdin.send(&endless)).await;
    assert!(sent.is_err(), "64 MiB went where nobody reads");
    drop(endless);
    peak.assert_flat_but_for(64 << 10);
    vm.delete().await.unwrap();
    drop((execution, stdin));
    host.assert_clean().await;
}
