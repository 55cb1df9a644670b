//! A seed on its way into a workspace, beside the raw channel; and a large directory of small files, with
//! the memory that it takes.

use crate::raw::RawMachine;
use crate::table::{Bound, Table, median, seconds};
use crate::user::User;
use pyro::event::Event;
use pyro::seed::Source;
use pyro::workspace::{Seed, WorkspaceSpec, create, delete};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

/// One file, so that the way of its bytes is measured.
const LARGE_BYTES: u64 = 256 << 20;
const LEAST: f64 = 0.7;
/// Many files, so that their making is.
const SMALL_FILES: usize = 100_000;
const SMALL_BYTES: usize = 1000;
const SPARSE_BYTES: u64 = 2 << 30;

pub(crate) fn measure(user: &User, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let home = user.world.home();
    let (large, small, sparse) = (home.join("large"), home.join("small"), home.join("sparse"));
    make_large(&large);
    make_small(&small);
    make_sparse(&sparse);
    let raw = RawMachine::new(user);
    let (mut ours, mut channels) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut machine = raw.boot();
        channels.push(mib(LARGE_BYTES, machine.send(LARGE_BYTES)));
        machine.end();
        ours.push(mib(LARGE_BYTES, runtime.block_on(seeding(user, &large))));
    }
    let show = |rate: f64| format!("{rate:.0} MiB/s");
    let (ours, channel) = (median(ours), median(channels));
    let name = "seed of one file / raw channel, throughput";
    table.ratio(name, show(ours), show(channel), ours / channel, Bound::AtLeast(LEAST));
    for (what, source) in [("100,000 files of 1,000 bytes", &small), ("2 GiB of holes", &sparse)] {
        let before = peak_kib();
        let took = runtime.block_on(seeding(user, source));
        let grown = format!("peak memory +{} KiB", peak_kib() - before);
        table.note(&format!("  seed of {what}"), format!("{:.1} s", seconds(took)), grown);
    }
}

/// How long the seed of a workspace took, without its boot and its baseline.
async fn seeding(user: &User, path: &Path) -> Duration {
    let took = Mutex::new(None);
    let observer = |event: Event| {
        if let Event::Finished { what, took: time } = event
            && what == "seeding"
        {
            *took.lock().unwrap() = Some(time);
        }
    };
    let seed = Seed::new(Source::of(path).unwrap(), path.display().to_string());
    let spec = WorkspaceSpec::default();
    let made = create(&user.config, &spec, Some(seed), &observer).await.unwrap();
    delete(&user.config, &made.workspace_id, &pyro::event::ignore).await.unwrap();
    let took = took.lock().unwrap();
    took.expect("it was seeded")
}

fn mib(bytes: u64, took: Duration) -> f64 {
    bytes as f64 / f64::from(1 << 20) / took.as_secs_f64()
}

/// Bytes that nobody can pack: no file system, cache or channel gains from them.
fn make_large(directory: &Path) {
    fs::create_dir(directory).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = (0..LARGE_BYTES / 8).flat_map(|_| {
        // xorshift64 by Marsaglia
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    fs::write(directory.join("file"), words.collect::<Vec<u8>>()).unwrap();
}

fn make_small(directory: &Path) {
    for number in 0..SMALL_FILES {
        let parent = directory.join(format!("{}", number / 1000));
        fs::create_dir_all(&parent).unwrap();
        fs::write(parent.join(format!("{number}")), [b'x'; SMALL_BYTES]).unwrap();
    }
}

fn make_sparse(directory: &Path) {
    fs::create_dir(directory).unwrap();
    let file = fs::File::create(directory.join("file")).unwrap();
    file.set_len(SPARSE_BYTES).unwrap();
}

fn peak_kib() -> u64 {
    scenarios::peak_kib(std::process::id().cast_signed()).unwrap()
}
