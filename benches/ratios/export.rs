//! A file on its way out of a workspace, beside the raw channel; and a large directory of small files, with the
//! memory that it takes.

use crate::raw::RawMachine;
use crate::table::{Bound, Table, median, seconds};
use crate::user::User;
use pyro::event::ignore;
use pyro::export::{ExportLimits, ExportTarget};
use pyro::vm::run::OutputLimits;
use pyro::workspace::exec::ExecRequest;
use pyro::workspace::export::Export;
use pyro::workspace::{Workspace, WorkspaceSpec, create, delete};
use std::fs;
use std::time::{Duration, Instant};

/// One file, so that the way of its bytes is measured.
const LARGE_MIB: u64 = 200;
const LARGE_BYTES: u64 = LARGE_MIB << 20;
const LEAST: f64 = 0.7;
/// Many files, so that their making is.
const SMALL_FILES: u64 = 100_000;

pub(crate) fn measure(user: &User, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let raw = RawMachine::new(user);
    runtime.block_on(async {
        let made = create(&user.config, &WorkspaceSpec::default(), None, &ignore).await.unwrap();
        let open = Workspace::open(&user.config, &made.workspace_id, &ignore).await;
        let workspace = open.unwrap();
        // bytes that nobody can pack, read once, as whoever has just built something has them
        run(
            &workspace,
            &format!("head -c {LARGE_MIB}M /dev/urandom > large; cat large > /dev/null"),
        )
        .await;
        run(
            &workspace,
            "mkdir small; cd small; for d in $(seq 100); do mkdir $d; \
             head -c 1000000 /dev/zero | tr '\\0' x | split -a 3 -d -b 1000 - $d/; done",
        )
        .await;
        let (mut ours, mut channels) = (Vec::new(), Vec::new());
        for round in 0..3 {
            let mut machine = raw.boot();
            channels.push(mib(machine.receive(LARGE_BYTES)));
            machine.end();
            let (took, entries) =
                export(user, &workspace, "large", &format!("large-{round}")).await;
            assert_eq!(entries, 1);
            ours.push(mib(took));
        }
        let show = |rate: f64| format!("{rate:.0} MiB/s");
        let (ours, channel) = (median(ours), median(channels));
        let name = "export of one file / raw channel, throughput";
        table.ratio(name, show(ours), show(channel), ours / channel, Bound::AtLeast(LEAST));
        let before = peak_kib();
        let (took, entries) = export(user, &workspace, "small", "small").await;
        assert_eq!(entries, SMALL_FILES + 100);
        let grown = format!("peak memory +{} KiB", peak_kib() - before);
        let name = "  export of 100,000 files of 1,000 bytes";
        table.note(name, format!("{:.1} s", seconds(took)), grown);
        delete(&user.config, workspace.id(), &ignore).await.unwrap();
    });
}

/// How long an export took, and how many entries it had.
async fn export(user: &User, workspace: &Workspace, path: &str, name: &str) -> (Duration, u64) {
    let to = user.world.home().join(name);
    let target = ExportTarget::of(&to).unwrap();
    let export = Export { target, overwrite: false, limits: ExportLimits::default() };
    let started = Instant::now();
    let exported = workspace.export(path, export, &ignore).await.unwrap();
    let took = started.elapsed();
    assert!(fs::symlink_metadata(&to).is_ok());
    (took, exported.entry_count)
}

async fn run(workspace: &Workspace, command: &str) {
    let request =
        ExecRequest { command: command.into(), timeout_seconds: 300, secret_env: Vec::new() };
    let wait = Duration::from_secs(300);
    let report = workspace.exec_for(&request, wait, OutputLimits::default()).await.unwrap();
    assert_eq!(report.exit_code, Some(0), "{}", report.stderr);
}

fn mib(took: Duration) -> f64 {
    LARGE_MIB as f64 / took.as_secs_f64()
}

fn peak_kib() -> u64 {
    scenarios::peak_kib(std::process::id().cast_signed()).unwrap()
}
