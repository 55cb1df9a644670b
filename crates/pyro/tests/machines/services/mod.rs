//! What a shim does for the services of a workspace, with the real agent: when they are ready, what is recorded
//! of them, how they end. The servers that are asked whether they are there are this program's own: a process
//! of the host has the host's loopback.

mod ports;
mod server;

use crate::host::processes::{self, shim as shim_process};
use crate::host::{command, trial, within};
use crate::workspaces::Workspace;
use libtest_mimic::Trial;
use pyro::Report;
use pyro::service::{self, LOG, Order, Probe, Readiness, Service, State, StopReason};
use pyro::shim::sweep;
use pyro_proto::mux::Item;
use pyro_proto::request::{Exec, Request};
use server::{Answer, Server};
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("a_service_is_ready_when_its_file_is_there", file),
        trial("a_service_is_ready_when_its_server_takes_connections", tcp),
        trial("a_service_is_ready_when_http_answers_well", http),
        trial("a_service_is_ready_when_its_command_succeeds", by_command),
        trial("a_service_that_is_never_ready_is_stopped_and_its_last_words_are_told", never_ready),
        trial("a_service_that_ends_before_it_is_ready_is_an_error_and_can_be_started_anew", ended),
        trial("a_service_that_cannot_start_is_refused", refused),
        trial("one_service_has_a_name_and_goes_on_when_its_front_end_leaves", left_alone),
        trial("a_service_ends_with_everything_that_it_started", whole_tree),
        trial("a_service_that_does_not_obey_is_killed", stubborn),
        trial("a_running_service_is_activity", activity),
        trial("services_end_with_their_machine", with_machine),
        trial("of_too_many_services_the_oldest_that_has_ended_is_forgotten", too_many),
    ];
    trials.extend(ports::trials());
    trials
}

/// A service called `web`.
fn order(script: &str, probe: Option<Probe>) -> Order {
    let readiness = probe.map(|probe| Readiness { probe, timeout_seconds: 20, interval_ms: 50 });
    let exec = Exec { service: true, ..command(script) };
    Order { name: "web".into(), exec, readiness, publish: Vec::new(), secret_env: Vec::new() }
}

impl Workspace {
    fn service(&self) -> Service {
        service::read(&self.directory, "web").unwrap().unwrap()
    }

    /// What `web` wrote to stdout, once it has ended.
    fn wrote(&self) -> String {
        let Service { stdout_bytes, stderr_bytes, .. } = self.service();
        let home = service::directory(&self.directory, "web");
        let tail = service::tail(&home, [stdout_bytes, stderr_bytes], 100).unwrap();
        service::text_of(&tail.parts, pyro::journal::Stdio::Out)
    }
}

/// Processes below this one that sleep.
fn sleepers() -> usize {
    processes::descendants().iter().filter(|process| process.command.starts_with("sleep")).count()
}

fn refusal(started: pyro::Result<Service>) -> Report {
    started.unwrap_err().report()
}

async fn file() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let probe = Probe::File { path: "/ready".into() };
    let script = "echo begun; sleep 0.3; touch ready; exec sleep 60";
    let started = shim.start_service(order(script, Some(probe))).await.unwrap();
    assert_eq!(started, workspace.service());
    assert_eq!(started.state, State::Running);
    assert!(started.ready_at.unwrap() >= started.started_at && started.pid.unwrap() > 1);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn tcp() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    // a server on ::1 alone is found as localhost, and not elsewhere
    let server = Server::on_v6(vec![Answer::Status(200)]).await;
    let there = Probe::Tcp { address: format!("localhost:{}", server.port) };
    shim.start_service(order("exec sleep 60", Some(there))).await.unwrap();
    let elsewhere = Probe::Tcp { address: format!("127.0.0.1:{}", server.port) };
    let mut impatient = order("exec sleep 60", Some(elsewhere));
    impatient.name = "other".into();
    impatient.readiness.as_mut().unwrap().timeout_seconds = 1;
    let report = refusal(shim.start_service(impatient).await);
    assert_eq!(report.code, "ready_timeout");
    assert!(report.message.contains("refused"), "{}", report.message);
    drop(server);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn http() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    // it flaps before it is ready, and what it does afterwards is its own affair
    let answers = vec![
        Answer::Status(500),
        Answer::Hangup,
        Answer::Nonsense,
        Answer::Status(404),
        Answer::Status(302),
        Answer::Status(500),
    ];
    let server = Server::start(answers).await;
    let url = format!("http://127.0.0.1:{}/health?x=1", server.port);
    let started = shim.start_service(order("exec sleep 60", Some(Probe::Http { url }))).await;
    assert_eq!(started.unwrap().state, State::Running);
    let asked = server.asked();
    assert_eq!(asked.len(), 5, "{asked:?}");
    let host = format!("127.0.0.1:{}", server.port);
    assert!(asked.iter().all(|asked| asked.starts_with("GET /health?x=1 HTTP/1.1\r\n")));
    assert!(asked.iter().all(|asked| asked.contains(&format!("\r\nHost: {host}\r\n"))));
    drop(server);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn by_command() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    // the third look finds what the second one left; its output is nobody's
    let probe = Probe::Command {
        command: "echo $A; [ -e two ] || { mv one two || touch one; false; }".into(),
    };
    let mut wanted = order("exec sleep 60", Some(probe));
    wanted.exec.env.push(("A".into(), "b".into()));
    shim.start_service(wanted).await.unwrap();
    assert_eq!(shim.service_progress("web", 0, Duration::ZERO).await.unwrap().stdout_bytes, 0);
    shim.stop_service("web").await.unwrap();
    assert_eq!(workspace.wrote(), "");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn never_ready() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let probe = Probe::File { path: "/never".into() };
    let mut wanted = order("echo one; echo two >&2; exec sleep 60", Some(probe));
    wanted.readiness.as_mut().unwrap().timeout_seconds = 1;
    let report = refusal(shim.start_service(wanted).await);
    assert_eq!(report.code, "ready_timeout");
    for said in ["not ready after 1 s", "there is no /never", "one", "two"] {
        assert!(report.message.contains(said), "{}", report.message);
    }
    let service = workspace.service();
    assert_eq!(
        (service.state, service.stop_reason),
        (State::Failed, Some(StopReason::ReadyTimeout))
    );
    assert!(processes::read(service.pid.unwrap()).is_none());
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn ended() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let probe = || Some(Probe::File { path: "/never".into() });
    let report = refusal(shim.start_service(order("echo no config; exit 3", probe())).await);
    assert_eq!(report.code, "service_ended");
    assert!(report.message.contains("exit code 3") && report.message.contains("no config"));
    let failed = workspace.service();
    assert_eq!((failed.state, failed.exit_code, failed.starts), (State::Failed, Some(3), 1));
    assert_eq!(workspace.wrote(), "no config\n");
    // without a probe it is started, and has ended
    shim.start_service(order("echo again; exit 4", None)).await.unwrap();
    within(Duration::from_secs(10), "it has ended", || !workspace.service().state.is_alive()).await;
    let exited = workspace.service();
    assert_eq!((exited.state, exited.exit_code, exited.starts), (State::Exited, Some(4), 2));
    assert_eq!((exited.stop_reason, workspace.wrote().as_str()), (None, "again\n"));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn refused() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let mut nowhere = order("true", None);
    nowhere.exec.cwd = Some("/no/such".into());
    let report = refusal(shim.start_service(nowhere).await);
    assert!(report.message.contains("/no/such"), "{}", report.message);
    assert_eq!(workspace.service().state, State::Failed);
    let bad = Order { name: "../web".into(), ..order("true", None) };
    assert_eq!(refusal(shim.start_service(bad).await).code, "bad_service_name");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn left_alone() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let probe = Probe::File { path: "/go".into() };
    // the front end leaves before it is ready
    let script = "echo begun; until [ -e go ]; do sleep 0.02; done; echo on; exec sleep 60";
    let starting = shim.start_service(order(script, Some(probe)));
    assert!(tokio::time::timeout(Duration::from_millis(300), starting).await.is_err());
    drop(shim);
    let shim = workspace.connect();
    shim.service_progress("web", 0, Duration::from_secs(10)).await.unwrap();
    assert_eq!(workspace.service().state, State::Starting);
    assert_eq!(refusal(shim.start_service(order("true", None)).await).code, "service_running");
    let go = Request::WriteFile { path: "/go".into(), mode: 0o644 };
    let mut writing = shim.guest(go).await.unwrap();
    writing.sender.finish().await.unwrap();
    assert!(matches!(writing.receiver.next().await, Item::Message(_)));
    let progress = shim.service_progress("web", 6, Duration::from_secs(10)).await.unwrap();
    assert_eq!((progress.running, progress.stdout_bytes), (true, 9));
    within(Duration::from_secs(10), "it is ready", || workspace.service().state == State::Running)
        .await;
    assert!(!shim.stop_service("web").await.unwrap().running);
    assert_eq!(shim.stop_service("web").await.unwrap_err().code(), "guest_not_found");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn whole_tree() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    // a child, one in a session of its own, and one that ignores what it is asked
    let tree = "sleep 60 & setsid sleep 60 & (trap '' TERM; setsid sh -c 'sleep 60; true') & echo $!; wait";
    shim.start_service(order(tree, None)).await.unwrap();
    shim.service_progress("web", 0, Duration::from_secs(10)).await.unwrap();
    shim.stop_service("web").await.unwrap();
    let service = workspace.service();
    assert_eq!((service.state, service.stop_reason), (State::Stopped, Some(StopReason::Sigterm)));
    assert_eq!(service.exit_code, Some(128 + 15));
    assert_eq!(sleepers(), 0);
    // one that ends by itself takes along what it has left in the background
    shim.start_service(order("setsid sleep 60 & sleep 0.2", None)).await.unwrap();
    within(Duration::from_secs(10), "it has ended", || !workspace.service().state.is_alive()).await;
    assert_eq!(workspace.service().state, State::Exited);
    assert_eq!(sleepers(), 0);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn stubborn() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    shim.start_service(order("trap '' TERM; echo up; sleep 60; true", None)).await.unwrap();
    shim.service_progress("web", 0, Duration::from_secs(10)).await.unwrap();
    shim.stop_service("web").await.unwrap();
    let service = workspace.service();
    assert_eq!((service.state, service.stop_reason), (State::Stopped, Some(StopReason::Sigkill)));
    assert_eq!(service.exit_code, Some(128 + 9));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn activity() {
    let workspace = Workspace::new();
    let shim = workspace.boot(1).await;
    shim.start_service(order("sleep 2.5", None)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(workspace.machine().is_kept().unwrap());
    workspace.gone().await;
    assert_eq!(workspace.service().state, State::Exited);
    drop(shim);
    workspace.assert_nothing_else().await;
}

async fn with_machine() {
    let workspace = Workspace::new();
    // one that is stopped asks them to end first
    let shim = workspace.boot(60).await;
    let script = "trap 'echo saved; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    shim.start_service(order(script, None)).await.unwrap();
    shim.service_progress("web", 0, Duration::from_secs(10)).await.unwrap();
    shim.stop().await.unwrap();
    let service = workspace.service();
    let ended = Some(StopReason::MachineEnded);
    assert_eq!((service.state, service.stop_reason), (State::Stopped, ended));
    assert_eq!((service.exit_code, workspace.wrote().as_str()), (Some(0), "up\nsaved\n"));
    drop(shim);
    within(Duration::from_secs(10), "the shim has left", || shim_process().is_none()).await;
    // one whose shim is killed leaves a record that the next one corrects
    let shim = workspace.boot(60).await;
    shim.start_service(order("echo up; exec sleep 60", None)).await.unwrap();
    shim.service_progress("web", 0, Duration::from_secs(10)).await.unwrap();
    shim_process().unwrap().kill();
    within(Duration::from_secs(10), "nobody keeps it", || !workspace.machine().is_kept().unwrap())
        .await;
    assert_eq!(workspace.service().state, State::Running);
    let seen = workspace.service().without_machine(&workspace.directory, 7);
    assert_eq!((seen.state, seen.stdout_bytes), (State::Stopped, 3));
    assert_eq!(sweep(&workspace.host.machines()).unwrap().len(), 1);
    let shim = workspace.boot(60).await;
    let service = workspace.service();
    assert_eq!((service.state, service.stop_reason), (State::Stopped, ended));
    assert_eq!(workspace.wrote(), "up\n");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn too_many() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let named =
        |number: usize, script: &str| Order { name: format!("s{number}"), ..order(script, None) };
    for number in 0..service::MAX_SERVICES {
        let script = if number == 3 { "true" } else { "exec sleep 60" };
        shim.start_service(named(number, script)).await.unwrap();
    }
    let third = || service::read(&workspace.directory, "s3").unwrap();
    within(Duration::from_secs(10), "it has ended", || !third().unwrap().state.is_alive()).await;
    shim.start_service(named(16, "exec sleep 60")).await.unwrap();
    assert_eq!(third(), None);
    assert!(!service::directory(&workspace.directory, "s3").join("output").join(LOG).exists());
    let report = refusal(shim.start_service(named(17, "true")).await);
    assert_eq!(report.code, "too_many_services");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}
