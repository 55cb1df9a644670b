//! A seed on its way into a workspace, beside the raw channel into a guest, which it does not take: the host
//! writes the seed onto the disk. Both are counted until the bytes are where the guest can read them, in the
//! cache of the host or in its memory, not until they are on stable storage. And a large directory of small
//! files, with the memory that it takes.

use crate::raw::RawMachine;
use crate::table::{Bound, Table, median, seconds};
use crate::user::User;
use pyro::event::Event;
use pyro::seed::Source;
use pyro::workspace::{Seed, WorkspaceSpec, create, delete};
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

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
    let (mut seeds, mut wholes, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let mut machine = raw.boot();
        channels.push(mib(LARGE_BYTES, machine.send(LARGE_BYTES)));
        machine.end();
        let made = runtime.block_on(making(user, Some(&large)));
        seeds.push(mib(LARGE_BYTES, made.seeding));
        wholes.push(seconds(made.whole));
    }
    let show = |rate: f64| format!("{rate:.0} MiB/s");
    let (ours, channel) = (median(seeds), median(channels));
    let name = "seed of one file onto the disk / raw channel, throughput";
    table.ratio(name, show(ours), show(channel), ours / channel, Bound::AtLeast(LEAST));
    let empty = runtime.block_on(making(user, None));
    let beside = format!("an empty one {:.1} s", seconds(empty.whole));
    table.note("  create with it, as a whole", format!("{:.1} s", median(wholes)), beside);
    for (what, source) in [("100,000 files of 1,000 bytes", &small), ("2 GiB of holes", &sparse)] {
        let before = forget_peak();
        let made = runtime.block_on(making(user, Some(source)));
        let beside = format!(
            "create as a whole {:.1} s, peak memory +{} KiB",
            seconds(made.whole),
            peak_kib() - before
        );
        let took = format!("{:.2} s", seconds(made.seeding));
        table.note(&format!("  seed of {what}"), took, beside);
    }
}

/// How long a workspace took.
struct Making {
    /// From reading the source to the bytes lying in the file of the disk.
    seeding: Duration,
    /// With the boot, the manifest and the copy of the baseline.
    whole: Duration,
}

/// Makes a workspace and deletes it.
async fn making(user: &User, source: Option<&Path>) -> Making {
    let seeding = Mutex::new(Duration::ZERO);
    let observer = |event: Event| {
        if let Event::Finished { what, took } = event
            && what == "seeding"
        {
            *seeding.lock().unwrap() = took;
        }
    };
    let seed = source.map(|path| Seed::new(Source::of(path).unwrap(), path.display().to_string()));
    let started = Instant::now();
    let spec = WorkspaceSpec::default();
    let made = create(&user.config, &spec, seed, &observer).await.unwrap();
    let whole = started.elapsed();
    delete(&user.config, &made.workspace_id, &pyro::event::ignore).await.unwrap();
    let seeding = *seeding.lock().unwrap();
    assert!(source.is_none() || !seeding.is_zero(), "it was not seeded");
    Making { seeding, whole }
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

/// From here on the peak is counted anew; it begins with what is returned. proc_pid_clear_refs(5).
fn forget_peak() -> u64 {
    fs::write("/proc/self/clear_refs", "5").unwrap();
    peak_kib()
}

fn peak_kib() -> u64 {
    scenarios::peak_kib(std::process::id().cast_signed()).unwrap()
}
