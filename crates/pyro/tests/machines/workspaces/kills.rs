//! SIGKILL of a shim at each of its writes to what it keeps of a workspace: its journal, the output of commands,
//! its note and its ledger. Whatever was acknowledged before is told afterwards, and all else reads truthfully.

use super::{ID, Workspace, exited};
use crate::host::processes::shim as shim_process;
use crate::host::{command, within};
use pyro::journal::{self, Fate, Stdio, spool_path};
use pyro::shim::sweep;
use pyro_proto::mux::Item;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio as Pipe};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);
/// What it makes its writes by.
const CALLS: [&str; 3] = ["write", "fsync", "rename"];

pub(super) async fn at_each_write() {
    for call in CALLS {
        let mut kills = 0;
        while is_killed(call, kills + 1).await {
            kills += 1;
        }
        assert!(kills > 0, "it makes no {call}");
    }
}

/// One life of a shim, in which a command runs and the workspace is stopped; false where it came to its end.
async fn is_killed(call: &str, nth: usize) -> bool {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let strace = Strace::attach(&workspace, call, nth).await;
    let mut ended = false;
    let begun = match shim.exec(command("echo kept"), Vec::new(), false).await {
        Ok((begun, mut stream)) => {
            ended = matches!(stream.receiver.next().await, Item::Message(_));
            Some(begun)
        }
        Err(_) => None,
    };
    let stopped = shim.stop().await.is_ok();
    drop(shim);
    let is_killed = strace.ended();
    within(PATIENCE, "nobody keeps it", || !workspace.machine().is_kept().unwrap_or(false)).await;
    let left = workspace.machine().path().exists();
    assert_eq!(sweep(&workspace.host.machines()).unwrap().len(), usize::from(left), "{call} {nth}");

    let note = workspace.note();
    assert!(!stopped || is_killed || note.is_some_and(|note| note.asked), "{call} {nth}");
    let shim = workspace.boot(60).await;
    let history = journal::read(&workspace.directory).unwrap();
    if let Some(begun) = &begun {
        let fate = &history.command(&begun.exec_id).unwrap().ended.as_ref().unwrap().fate;
        let is_told = *fate == exited(0) || (!ended && matches!(fate, Fate::Lost { .. }));
        assert!(is_told, "{call} {nth}: {fate:?}");
        assert!(!ended || workspace.stdout(&begun.exec_id) == b"kept\n", "{call} {nth}");
    }
    let (after, _) = shim.exec(command("true"), Vec::new(), false).await.unwrap();
    assert!(begun.is_none_or(|begun| after.sequence > begun.sequence), "{call} {nth}");
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
    is_killed
}

/// strace(1), which kills.
struct Strace {
    child: Child,
    log: PathBuf,
}

impl Strace {
    /// To the shim of a workspace, for the `nth` such call about something that it keeps.
    async fn attach(workspace: &Workspace, call: &str, nth: usize) -> Self {
        let shim = shim_process().unwrap().pid.to_string();
        let log = workspace.host.home().join("strace");
        let kept = [
            workspace.directory.join("journal"),
            workspace.directory.join("shim.json.new"),
            workspace.directory.join("shim.json"),
            spool_path(&workspace.directory, &format!("{ID}.1"), Stdio::Out),
            workspace.machine().path().join("ledger"),
        ];
        let mut strace = Command::new("strace");
        strace.args(["-f", "-q", "-p", &shim, "-e", &format!("trace={call}")]);
        strace.args(["-e", &format!("inject={call}:signal=KILL:when={nth}"), "-o"]).arg(&log);
        strace.args(kept.iter().flat_map(|path| ["-P".as_ref(), path.as_os_str()]));
        let child = strace.stdin(Pipe::null()).stderr(Pipe::null()).spawn().expect("strace(1)");
        let status = format!("/proc/{shim}/status");
        let is_traced = || {
            let status = fs::read_to_string(&status).unwrap_or_default();
            !status.contains("TracerPid:\t0\n")
        };
        within(PATIENCE, "it is traced", is_traced).await;
        Self { child, log }
    }

    /// Whether it has killed, once what it traced has ended.
    fn ended(mut self) -> bool {
        self.child.wait().unwrap();
        let killed = fs::read_to_string(&self.log).unwrap().contains("+++ killed by SIGKILL +++");
        fs::remove_file(&self.log).unwrap();
        killed
    }
}
