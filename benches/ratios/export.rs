//! A file on its way out of a workspace, beside the raw channel, and how long the machine stands still for it; and
//! a large directory of small files, beside the bare making of such, with the memory that a process of its own
//! takes for it.

use crate::pause::{longest, run};
use crate::raw::RawMachine;
use crate::table::{Bound, Table, median, milliseconds, seconds};
use crate::user::User;
use pyro::event::ignore;
use pyro::export::{ExportLimits, ExportTarget};
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
        let (_, stood) = longest(&workspace, export(user, &workspace, "large", "large-last")).await;
        table.note("  in which work stands still", milliseconds(stood), "");
        let bare = bare_files(user);
        let (took, peak) = small(user, workspace.id());
        let name = "export of 100,000 files of 1,000 bytes";
        let (ours, beside) = (format!("{took:.1} s"), format!("bare files {bare:.1} s"));
        table.comparison(name, ours, beside, took / bare);
        table.note("  in a process of its own", format!("{peak} KiB"), "");
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

/// How many seconds a process of its own takes for all the files, and its peak memory in KiB.
fn small(user: &User, id: &str) -> (f64, u64) {
    let words = ["workspace", "export", id, "small", "--output", "small-out", "--json"];
    let mut running = user.world.pyro(&words).within(Duration::from_secs(300)).start();
    let mut peak = 0;
    while !running.has_ended() {
        peak = peak.max(scenarios::peak_kib(running.pid()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    let ended = running.end().exits(0);
    assert_eq!(ended.json()["entry_count"], SMALL_FILES + 100);
    (seconds(ended.took), peak)
}

/// How many seconds it takes to make such files with nothing around it: on ext4 ten times as long as usual where
/// as many were deleted within the last minutes, because it gives no inode away again so soon.
fn bare_files(user: &User) -> f64 {
    let place = user.world.home().join("bare");
    let content = [b'x'; 1000];
    let started = Instant::now();
    for directory in 0..100 {
        let directory = place.join(directory.to_string());
        fs::create_dir_all(&directory).unwrap();
        for file in 0..SMALL_FILES / 100 {
            fs::write(directory.join(file.to_string()), content).unwrap();
        }
    }
    rustix::fs::syncfs(fs::File::open(place).unwrap()).unwrap();
    seconds(started.elapsed())
}

fn mib(took: Duration) -> f64 {
    LARGE_MIB as f64 / took.as_secs_f64()
}
