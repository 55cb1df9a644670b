//! The stream itself: its progress, its memory, and its end before the end.

use crate::arrival::seed;
use pyro::error::Diagnose;
use pyro::event::{self, Event};
use pyro::seed::{SeedLimits, Source, stream};
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

/// A directory with a file that is nothing but a hole.
fn hole(bytes: u64) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    File::create(directory.path().join("hole")).unwrap().set_len(bytes).unwrap();
    directory
}

fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
    names.filter(|name| name.as_deref().is_ok_and(|name| name.trim() == "seed")).count()
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn two_gigabytes_pass_through_a_few_megabytes() {
    let source = hole(2 << 30);
    let before = peak_kib();
    block_on(async {
        let source = Source::of(source.path()).unwrap();
        let mut seeding = stream(source, &SeedLimits::default(), &event::ignore).unwrap();
        let mut buffer = vec![0; 256 << 10];
        let mut length = 0;
        loop {
            match seeding.read(&mut buffer).await.unwrap() {
                0 => break,
                read => length += read as u64,
            }
        }
        assert!(length > 2 << 30);
        assert_eq!(seeding.finish().await.unwrap().bytes, 2 << 30);
    });
    let grown = peak_kib() - before;
    assert!(grown < 8 << 10, "{grown} KiB more");
}

#[test]
fn progress_is_told_between_a_beginning_and_an_end() {
    let source = hole(20 << 20);
    let events = Mutex::new(Vec::new());
    let observer = |event| events.lock().unwrap().push(event);
    block_on(async {
        let source = Source::of(source.path()).unwrap();
        let mut seeding = stream(source, &SeedLimits::default(), &observer).unwrap();
        seeding.read_to_end(&mut Vec::new()).await.unwrap();
        seeding.finish().await.unwrap();
    });
    let events = events.into_inner().unwrap();
    assert!(matches!(&events[0], Event::Started { .. }));
    assert!(matches!(events.last().unwrap(), Event::Finished { .. }));
    let advances = events.iter().filter(|event| matches!(event, Event::Advanced { .. })).count();
    assert_eq!(advances, 5, "one per 4 MiB");
}

#[test]
fn an_end_before_the_end_is_no_success_and_leaves_no_thread() {
    let source = hole(1 << 30);
    block_on(async {
        for read in [0, 1, 100_000] {
            let source = Source::of(source.path()).unwrap();
            let mut seeding = stream(source, &SeedLimits::default(), &event::ignore).unwrap();
            seeding.read_exact(&mut vec![0; read]).await.unwrap();
            assert_eq!(seeding.finish().await.unwrap_err().code(), "seed_stopped");
        }
        drop(stream(Source::of(source.path()).unwrap(), &SeedLimits::default(), &event::ignore));
    });
    let until = Instant::now() + Duration::from_secs(10);
    while threads() > 0 {
        assert!(Instant::now() < until, "a reading thread goes on without a reader");
        std::thread::yield_now();
    }
}

#[test]
fn trees_are_deeper_than_a_process_may_have_files() {
    let source = tempfile::tempdir().unwrap();
    let deep: std::path::PathBuf = std::iter::repeat_n(Path::new("d"), 1900).collect();
    std::fs::create_dir_all(source.path().join(&deep)).unwrap();
    let limit = rustix::process::Rlimit { current: Some(100), maximum: None };
    let before = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let lowered = rustix::process::Rlimit { maximum: before.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, lowered).unwrap();
    let arrived = seed(source.path());
    rustix::process::setrlimit(rustix::process::Resource::Nofile, before).unwrap();
    assert_eq!(arrived.unwrap().seeded.entry_count, 1900);
}
