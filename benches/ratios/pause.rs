//! How long a process in a guest stands still while something is done to its machine.

use pyro::vm::run::OutputLimits;
use pyro::workspace::Workspace;
use pyro::workspace::exec::ExecRequest;
use std::time::Duration;

/// Writes to a file until there is another, and prints the longest pause between two writes, in seconds.
const WORK: &str = "exec perl -MTime::HiRes=time -e '\
    open(F, q(>), q(log)); my ($last, $most) = (time, 0); \
    until (-e q(stop)) { syswrite(F, q(x)); my $now = time; \
    $most = $now - $last if $now - $last > $most; $last = $now } print $most'";

/// Does `what` while a process works in the workspace, and says how many seconds that stood still at most.
pub(crate) async fn longest<T>(workspace: &Workspace, what: impl Future<Output = T>) -> (T, f64) {
    run(workspace, "rm -f stop log").await;
    let doing = async {
        while workspace.file_list("log", false).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await; // it does not work yet
        }
        let done = what.await;
        workspace.file_write("stop", b"").await.unwrap();
        done
    };
    let (done, most) = tokio::join!(doing, run(workspace, WORK));
    (done, most.trim().parse().unwrap())
}

/// Runs a command, and gives what it prints.
pub(crate) async fn run(workspace: &Workspace, command: &str) -> String {
    let request =
        ExecRequest { command: command.into(), timeout_seconds: 300, secret_env: Vec::new() };
    let wait = Duration::from_secs(300);
    let report = workspace.exec_for(&request, wait, OutputLimits::default()).await.unwrap();
    assert_eq!((report.exit_code, &*report.stderr), (Some(0), ""));
    report.stdout
}
