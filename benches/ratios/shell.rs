//! A line that is typed into a shell and read back, beside a command in the same workspace.

use crate::table::{Bound, Table, median, milliseconds, seconds};
use crate::user::User;
use pyro::event::ignore;
use pyro::vm::run::OutputLimits;
use pyro::workspace::exec::ExecRequest;
use pyro::workspace::shell_open::ShellSpec;
use pyro::workspace::shell_read::{ShellRead, ShellWait};
use pyro::workspace::{Workspace, WorkspaceSpec, create, delete};
use std::time::{Duration, Instant};

const PAIRS: usize = 100;
const MOST: f64 = 2.0;
const SOON: ShellWait = ShellWait::Output { limit_ms: 60_000 };

pub(crate) fn measure(user: &User, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let spec = WorkspaceSpec::default();
        let made = create(&user.config, &spec, None, &ignore).await.unwrap();
        let open = Workspace::open(&user.config, &made.workspace_id, &ignore).await;
        let workspace = open.unwrap();
        let mut shell = Shell::open(&workspace).await;
        let (mut echoes, mut execs) = (Vec::new(), Vec::new());
        for pair in 0..PAIRS + 10 {
            let times = (shell.echo(pair).await, exec_true(&workspace).await);
            // the first ones warm both
            if pair >= 10 {
                echoes.push(times.0);
                execs.push(times.1);
            }
        }
        delete(&user.config, workspace.id(), &ignore).await.unwrap();
        let (echo, exec) = (median(echoes), median(execs));
        let name = "shell: write, echo, read / exec true";
        let bound = Bound::AtMost(MOST);
        table.ratio(name, milliseconds(echo), milliseconds(exec), echo / exec, bound);
    });
}

struct Shell<'w> {
    workspace: &'w Workspace,
    id: String,
    cursor: u64,
}

impl<'w> Shell<'w> {
    /// One whose terminal does the echo, and where nothing else runs.
    async fn open(workspace: &'w Workspace) -> Self {
        let opened = workspace.shell_open(&ShellSpec::default()).await.unwrap();
        let mut shell = Self { workspace, id: opened.shell_id, cursor: 0 };
        workspace.shell_write(&shell.id, "echo re\"\"ady; cat > /dev/null", true).await.unwrap();
        shell.until("ready\r\n").await;
        shell
    }

    async fn echo(&mut self, number: usize) -> f64 {
        let line = format!("line {number}.");
        let started = Instant::now();
        self.workspace.shell_write(&self.id, &line, true).await.unwrap();
        self.until(&line).await;
        seconds(started.elapsed())
    }

    async fn until(&mut self, text: &str) {
        let mut shown = String::new();
        while !shown.contains(text) {
            let read = ShellRead { cursor: self.cursor, wait: SOON, ..ShellRead::all(usize::MAX) };
            let read = self.workspace.shell_read(&self.id, read).await.unwrap();
            self.cursor = read.next_cursor;
            shown += &read.output;
        }
    }
}

async fn exec_true(workspace: &Workspace) -> f64 {
    let request =
        ExecRequest { secret_env: Vec::new(), command: "true".into(), timeout_seconds: 60 };
    let started = Instant::now();
    let wait = Duration::from_secs(60);
    let report = workspace.exec_for(&request, wait, OutputLimits::default()).await.unwrap();
    assert_eq!(report.exit_code, Some(0));
    seconds(started.elapsed())
}
