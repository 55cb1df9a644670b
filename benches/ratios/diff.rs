//! A diff of a workspace with few changes, beside `git status` in the same guest, both warm.

use crate::table::{Bound, Table, median, seconds};
use crate::user::User;
use pyro::event::ignore;
use pyro::patch::Limits;
use pyro::seed::Source;
use pyro::vm::run::OutputLimits;
use pyro::workspace::exec::ExecRequest;
use pyro::workspace::{Seed, Workspace, WorkspaceSpec, create, delete};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const FILES: usize = 100_000;
const CHANGES: usize = 10;
const ROUNDS: usize = 5;
const MOST: f64 = 1.0;

pub(crate) fn measure(user: &User, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let project = make_project(user.world.home());
    runtime.block_on(async {
        let source = Source::of(&project).unwrap();
        let seed = Seed::new(source, project.display().to_string());
        let spec = WorkspaceSpec::default();
        let made = create(&user.config, &spec, Some(seed), &ignore).await.unwrap();
        let open = Workspace::open(&user.config, &made.workspace_id, &ignore).await;
        let workspace = open.unwrap();
        for number in 0..CHANGES {
            let path = format!("{}/{number}", number * (FILES / CHANGES) / 1000);
            workspace.file_write(&path, b"changed\n").await.unwrap();
        }
        let (mut ours, mut gits) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let pair = (diff(&workspace).await, git_status(&workspace).await);
            // the first one warms both
            if round > 0 {
                ours.push(pair.0);
                gits.push(pair.1);
            }
        }
        delete(&user.config, workspace.id(), &ignore).await.unwrap();
        let (ours, git) = (median(ours), median(gits));
        let name = "diff, 100,000 files / git status there";
        let show = |time: f64| format!("{time:.2} s");
        table.ratio(name, show(ours), show(git), ours / git, Bound::AtMost(MOST));
    });
}

async fn diff(workspace: &Workspace) -> f64 {
    let started = Instant::now();
    let diff = workspace.diff(Limits::default()).await.unwrap();
    assert_eq!(diff.diff.summary.total, CHANGES);
    seconds(started.elapsed())
}

/// In the guest alone: neither the login shell nor the way there counts.
async fn git_status(workspace: &Workspace) -> f64 {
    let command = "s=$(date +%s%N); git status --porcelain | wc -l >&2; e=$(date +%s%N); \
                   echo $((e-s))";
    let request =
        ExecRequest { command: command.into(), timeout_seconds: 300, secret_env: Vec::new() };
    let wait = Duration::from_secs(300);
    let report = workspace.exec_for(&request, wait, OutputLimits::default()).await.unwrap();
    assert_eq!(report.stderr.trim(), CHANGES.to_string());
    report.stdout.trim().parse::<f64>().unwrap() / 1e9
}

fn make_project(home: &Path) -> PathBuf {
    let project = home.join("project");
    for number in 0..FILES {
        let parent = project.join(format!("{}", number / 1000));
        fs::create_dir_all(&parent).unwrap();
        fs::write(parent.join(format!("{}", number % 1000)), format!("{number}\n")).unwrap();
    }
    let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
    for words in [&["init", "-q"][..], &["add", "-A"], &["commit", "-q", "-m", "all"]] {
        let git = Command::new("git").arg("-C").arg(&project).args(author).args(words).status();
        assert!(git.unwrap().success(), "{words:?}");
    }
    project
}
