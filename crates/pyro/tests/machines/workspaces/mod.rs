//! What a shim does for a workspace, with the real agent: commands that outlive their front ends, the
//! record of them, idleness, and the note that it leaves.

mod secrets;

use crate::host::processes::shim as shim_process;
use crate::host::{Host, command, trial, within};
use libtest_mimic::Trial;
use pyro::guest::Execution;
use pyro::journal::{self, Ended, Fate, Stdio, read_output, read_spool, spool_path};
use pyro::machine::{BackendSpec, MachineSpec};
use pyro::shim::note::{self, EndNote};
use pyro::shim::protocol::{Assignment, Tenure};
use pyro::shim::{Client, MachineDirectory, launch, sweep};
use pyro::vm::{ExecExit, Output};
use pyro_proto::mux::Item;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ID: &str = "ws-1";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_followed_command_is_passed_on_and_written_down", followed),
        trial("a_command_goes_on_when_its_front_end_leaves", left_alone),
        trial("output_is_told_in_the_order_in_which_it_was_written", in_order),
        trial("a_command_is_stopped_politely_and_then_by_force", stopped),
        trial("a_command_whose_shim_is_killed_is_lost_and_nothing_else_is", lost),
        trial("a_command_that_cannot_start_is_refused_and_written_down", refused),
        trial("idleness_ends_a_workspace_and_work_does_not", idle),
        trial("a_stopped_workspace_says_who_stopped_it", asked),
        trial("a_machine_in_the_making_hangs_on_its_maker", in_the_making),
        trial("no_secret_is_passed_on_or_written_down", secrets::redacted),
        trial("a_prompt_is_passed_on_before_its_answer_comes", secrets::prompt),
        trial("a_command_is_given_the_secrets_that_it_asks_for", secrets::given),
    ]
}

/// A workspace's directory, and its machine.
struct Workspace {
    host: Host,
    directory: PathBuf,
}

impl Workspace {
    fn new() -> Self {
        let host = Host::new();
        let directory = host.config.paths.workspaces().join(ID);
        std::fs::create_dir_all(&directory).unwrap();
        Self { host, directory }
    }

    async fn boot(&self, ttl_seconds: u64) -> Client {
        let shim = self.launch(ttl_seconds, false);
        shim.ready().await.unwrap();
        shim
    }

    fn launch(&self, ttl_seconds: u64, in_the_making: bool) -> Client {
        let (machine, lock) = MachineDirectory::create(&self.host.machines(), ID).unwrap();
        note::remove(&self.directory).unwrap();
        let backend = BackendSpec::Process;
        let assignment = Assignment {
            pyro: env!("CARGO_PKG_VERSION").into(),
            machine: MachineSpec { id: ID.into(), vcpu_count: 1, mem_mib: 128, backend },
            network: None,
            tenure: Tenure::Workspace { directory: self.directory.clone(), in_the_making },
            ttl_seconds,
            cache: self.host.config.paths.cache().to_owned(),
            boot_deadlines: self.host.config.boot_deadlines,
            ca_bundle: None,
        };
        launch(&self.host.config.executable, &machine, lock, &assignment).unwrap()
    }

    fn connect(&self) -> Client {
        Client::connect(self.machine()).unwrap()
    }

    fn machine(&self) -> MachineDirectory {
        MachineDirectory::existing(self.host.machines().join(ID))
    }

    fn note(&self) -> Option<EndNote> {
        note::read(&self.directory).unwrap()
    }

    fn ended(&self, exec_id: &str) -> Option<Ended> {
        journal::read(&self.directory).unwrap().command(exec_id).unwrap().ended.clone()
    }

    fn stdout(&self, exec_id: &str) -> Vec<u8> {
        let total = self.ended(exec_id).unwrap().stdout_bytes;
        spooled(&self.directory, exec_id, total)
    }

    /// Fails if anything is left but the workspace's own directory.
    async fn assert_nothing_else(&self) {
        std::fs::remove_dir_all(self.host.config.paths.workspaces()).unwrap();
        self.host.assert_clean().await;
    }

    async fn gone(&self) {
        let machine = self.machine();
        within(Duration::from_secs(10), "the machine is gone", || !machine.path().exists()).await;
    }
}

fn spooled(workspace: &Path, exec_id: &str, total: u64) -> Vec<u8> {
    read_spool(&spool_path(workspace, exec_id, Stdio::Out), total, 0, 1 << 20).unwrap().bytes
}

fn exited(code: i32) -> Fate {
    Fate::Exited { code, timed_out: false }
}

async fn end_of(stream: &mut pyro_proto::mux::Stream) -> Ended {
    match stream.receiver.next().await {
        Item::Message(json) => serde_json::from_slice(&json).unwrap(),
        other => panic!("{other:?}"),
    }
}

async fn followed() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let wanted = pyro_proto::request::Exec { stdin: true, ..command("tr a-z A-Z; exit 3") };
    let (begun, stream) = shim.exec(wanted, Vec::new(), true).await.unwrap();
    assert_eq!((begun.sequence, begun.exec_id.as_str()), (1, "ws-1.1"));
    let mut execution = Execution::new(stream, true, None).await.unwrap();
    let mut stdin = execution.take_stdin().unwrap();
    stdin.send(b"hello").await.unwrap();
    stdin.close().await.unwrap();
    assert_eq!(execution.next().await.unwrap(), Output::Stdout("HELLO".into()));
    let Output::Exited(ExecExit { code, .. }) = execution.next().await.unwrap() else { panic!() };
    assert_eq!(code, 3);
    // what is told has been written down before
    assert_eq!(workspace.ended("ws-1.1").unwrap().fate, exited(3));
    assert_eq!(workspace.stdout("ws-1.1"), b"HELLO");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn left_alone() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let go = workspace.host.home().join("go");
    let wait =
        format!("echo begun; while ! [ -e {} ]; do sleep 0.02; done; echo done", go.display());
    let (begun, stream) = shim.exec(command(&wait), Vec::new(), true).await.unwrap();
    drop((stream, shim));
    let second = workspace.connect();
    let progress = second.progress(&begun.exec_id, 0, Duration::from_secs(10)).await.unwrap();
    assert_eq!((progress.running, progress.stdout_bytes), (true, 6));
    assert_eq!(second.presence(None).await.unwrap().running, std::slice::from_ref(&begun.exec_id));
    std::fs::write(go, "").unwrap();
    let progress = second.progress(&begun.exec_id, 11, Duration::from_secs(10)).await.unwrap();
    assert_eq!((progress.running, progress.stdout_bytes), (false, 11));
    assert_eq!(workspace.ended(&begun.exec_id).unwrap().fate, exited(0));
    assert_eq!(workspace.stdout(&begun.exec_id), b"begun\ndone\n");
    second.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn in_order() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let both = "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three";
    let (begun, mut stream) = shim.exec(command(both), Vec::new(), false).await.unwrap();
    let Ended { stdout_bytes, stderr_bytes, fate, .. } = end_of(&mut stream).await;
    assert_eq!(fate, exited(0));
    let totals = [stdout_bytes, stderr_bytes];
    let output = read_output(&workspace.directory, &begun.exec_id, totals, 0, 100).unwrap();
    let parts: Vec<_> = output.parts.iter().map(|part| (part.stream, &part.bytes[..])).collect();
    assert_eq!(
        parts,
        [(Stdio::Out, &b"one\n"[..]), (Stdio::Err, b"two\n"), (Stdio::Out, b"three\n")]
    );
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn stopped() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let (polite, mut stream) =
        shim.exec(command("exec sleep 60"), Vec::new(), false).await.unwrap();
    assert!(!shim.stop_exec(&polite.exec_id).await.unwrap().running);
    assert_eq!(end_of(&mut stream).await.fate, exited(128 + 15));
    let stubborn = "trap '' TERM; echo ready; sleep 60";
    let (stubborn, mut stream) = shim.exec(command(stubborn), Vec::new(), false).await.unwrap();
    shim.progress(&stubborn.exec_id, 0, Duration::from_secs(10)).await.unwrap();
    assert!(!shim.stop_exec(&stubborn.exec_id).await.unwrap().running);
    assert_eq!(end_of(&mut stream).await.fate, Fate::Stopped);
    assert_eq!(shim.stop_exec(&stubborn.exec_id).await.unwrap_err().code(), "guest_not_found");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn lost() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let (before, mut stream) = shim.exec(command("echo before"), Vec::new(), false).await.unwrap();
    end_of(&mut stream).await;
    let (during, _stream) =
        shim.exec(command("echo during; sleep 60"), Vec::new(), false).await.unwrap();
    shim.progress(&during.exec_id, 0, Duration::from_secs(10)).await.unwrap();
    shim_process().unwrap().kill();
    within(Duration::from_secs(10), "nobody keeps it", || !workspace.machine().is_kept().unwrap())
        .await;
    assert_eq!(workspace.note(), None);
    assert_eq!(sweep(&workspace.host.machines()).unwrap(), [ID]);
    let shim = workspace.boot(60).await;
    assert_eq!(workspace.ended(&before.exec_id).unwrap().fate, exited(0));
    let ended = workspace.ended(&during.exec_id).unwrap();
    assert!(matches!(ended.fate, Fate::Lost { .. }), "{ended:?}");
    assert_eq!(workspace.stdout(&during.exec_id), b"during\n");
    let (after, _) = shim.exec(command("true"), Vec::new(), false).await.unwrap();
    assert_eq!(after.sequence, 3);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn refused() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let nowhere = pyro_proto::request::Exec { cwd: Some("/no/such".into()), ..command("true") };
    let (begun, mut stream) = shim.exec(nowhere, Vec::new(), false).await.unwrap();
    let Item::Reset(refusal) = stream.receiver.next().await else { panic!() };
    assert!(refusal.message.contains("/no/such"), "{refusal}");
    let ended = workspace.ended(&begun.exec_id).unwrap();
    assert!(matches!(ended.fate, Fate::Refused { why } if why.contains("/no/such")));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn idle() {
    let workspace = Workspace::new();
    let shim = workspace.boot(1).await;
    let (_, mut stream) = shim.exec(command("sleep 2.5"), Vec::new(), false).await.unwrap();
    assert_eq!(end_of(&mut stream).await.fate, exited(0));
    workspace.gone().await;
    let note = workspace.note().unwrap();
    assert!(note.expired && !note.asked, "{note:?}");
    drop((stream, shim));
    // a longer time to live counts at once
    let shim = workspace.boot(1).await;
    shim.presence(Some(60)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(workspace.machine().is_kept().unwrap());
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn asked() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let (begun, _stream) = shim.exec(command("sleep 60"), Vec::new(), false).await.unwrap();
    shim.stop().await.unwrap();
    let note = workspace.note().unwrap();
    assert!(note.asked && !note.expired, "{note:?}");
    assert!(matches!(workspace.ended(&begun.exec_id).unwrap().fate, Fate::Lost { .. }));
    workspace.assert_nothing_else().await;
}

async fn in_the_making() {
    let workspace = Workspace::new();
    // before it has booted, and after
    drop(workspace.launch(60, true));
    workspace.gone().await;
    let maker = workspace.launch(60, true);
    maker.ready().await.unwrap();
    drop(maker);
    workspace.gone().await;
    let maker = workspace.launch(60, true);
    maker.ready().await.unwrap();
    maker.made().await.unwrap();
    drop(maker);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let shim = workspace.connect();
    shim.ready().await.unwrap();
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}
