//! A snapshot of a workspace with a gibibyte in it, and the reset to it: how long each takes, and how long
//! a process that works in there stands still meanwhile, beside a bare copy of the same disk.

use crate::table::{Table, median, milliseconds, seconds};
use crate::user::User;
use pyro::disk::copy;
use pyro::event::ignore;
use pyro::vm::run::OutputLimits;
use pyro::workspace::exec::ExecRequest;
use pyro::workspace::{
    Consistency, Workspace, WorkspaceSpec, create, delete, reset, snapshot_create, snapshot_delete,
};
use std::fs::{File, remove_file};
use std::time::{Duration, Instant};

const FILL: &str = "dd if=/dev/zero of=data bs=1M count=1024 conv=fsync 2> /dev/null";
/// Writes to a file until there is another, and prints the longest pause between two writes, in seconds.
const WORK: &str = "exec perl -MTime::HiRes=time -e '\
    open(F, q(>), q(log)); my ($last, $most) = (time, 0); \
    until (-e q(stop)) { syswrite(F, q(x)); my $now = time; \
    $most = $now - $last if $now - $last > $most; $last = $now } print $most'";
const ROUNDS: usize = 3;

pub(crate) fn measure(user: &User, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let made = create(&user.config, &WorkspaceSpec::default(), None, &ignore).await.unwrap();
        let id = made.workspace_id;
        let workspace = Workspace::open(&user.config, &id, &ignore).await.unwrap();
        run(&workspace, FILL).await;
        let (mut takes, mut stands, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let (taken, stood) = snapshot(user, &workspace, round).await;
            takes.push(taken);
            stands.push(stood);
            copies.push(bare_copy(user, &id));
        }
        let started = Instant::now();
        reset(&user.config, &id, "2", &ignore).await.unwrap();
        let back = seconds(started.elapsed());
        delete(&user.config, &id, &ignore).await.unwrap();
        let (take, stand, copy) = (median(takes), median(stands), median(copies));
        let beside = format!("bare copy {}", milliseconds(copy));
        table.comparison("snapshot of 1 GiB", milliseconds(take), &*beside, take / copy);
        table.comparison(
            "  in which work stands still",
            milliseconds(stand),
            &*beside,
            stand / copy,
        );
        table.comparison("reset of 1 GiB, boot included", milliseconds(back), beside, back / copy);
    });
}

/// How long it took, and how long a process in the guest stood still.
async fn snapshot(user: &User, workspace: &Workspace, round: usize) -> (f64, f64) {
    let (id, name) = (workspace.id(), round.to_string());
    run(workspace, "rm -f stop log").await;
    let taking = async {
        while workspace.file_list("log", false).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await; // it does not work yet
        }
        let started = Instant::now();
        let taken = snapshot_create(&user.config, id, &name, &ignore).await.unwrap();
        let took = seconds(started.elapsed());
        assert_eq!(taken.consistency, Consistency::Filesystem);
        workspace.file_write("stop", b"").await.unwrap();
        took
    };
    let (took, most) = tokio::join!(taking, run(workspace, WORK));
    if round + 1 < ROUNDS {
        snapshot_delete(&user.config, id, &name, &ignore).await.unwrap();
    }
    (took, most.trim().parse().unwrap())
}

async fn run(workspace: &Workspace, command: &str) -> String {
    let request =
        ExecRequest { command: command.into(), timeout_seconds: 300, secret_env: Vec::new() };
    let wait = Duration::from_secs(300);
    let report = workspace.exec_for(&request, wait, OutputLimits::default()).await.unwrap();
    assert_eq!(report.stderr, "");
    report.stdout
}

/// The same disk, copied with nothing around it.
fn bare_copy(user: &User, id: &str) -> f64 {
    let disk = user.config.paths.workspaces().join(id).join("disk");
    let to = user.config.paths.state().join("bare-copy");
    let started = Instant::now();
    copy(&File::open(disk).unwrap(), &to).unwrap();
    let took = seconds(started.elapsed());
    remove_file(to).unwrap();
    took
}
