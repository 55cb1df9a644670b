//! A seed is unpacked by the host, what comes later by the agent: random archives, sane or not, must become the
//! same tree, or be refused by both. The agent runs in a thread: one test only, as it takes over the children of
//! this process.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

#[path = "../disk_fill/archives.rs"]
mod archives;
#[path = "../disk_view/image.rs"]
#[expect(dead_code, reason = "each test program uses its own part")]
mod image;

use archives::Archive;
use image::{Tree, tree_in, tree_on};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use pyro::disk::{DEFAULT_BYTES, DiskView, create, fill};
use pyro::guest::transfer;
use pyro_proto::handshake::{self, GENERATION, Hello, OLDEST};
use pyro_proto::mux::{Session, Side};
use pyro_proto::request::{Request, TransferDone};
use std::cell::Cell;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tar::EntryType;
use tokio::runtime::Runtime;

/// The latest time that an entry has; later ones are of the unpacking.
const LATEST: u64 = 1_700_000_000;
const CASES: u32 = 100;

/// One entry of an archive.
#[derive(Debug, Clone)]
struct Entry {
    path: String,
    modified: u64,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    /// With so many bytes, all zeros or none, and these permissions.
    File(usize, bool, u32),
    Directory(u32),
    Symlink(String),
    Link(String),
}

/// So few names that entries meet often.
fn path() -> impl Strategy<Value = String> {
    vec(prop_oneof![4 => "[abc]", 1 => Just(".".to_owned()), 1 => "[d-f]{200}"], 1..4)
        .prop_map(|names| names.join("/"))
}

fn entry() -> impl Strategy<Value = Entry> {
    let length = prop_oneof![0..10_usize, 4000..5000_usize, 60_000..300_000_usize];
    let what = prop_oneof![
        4 => (length, any::<bool>(), 0..0o400_u32).prop_map(|(l, z, m)| What::File(l, z, m | 0o400)),
        4 => (0..0o100_u32).prop_map(|mode| What::Directory(mode | 0o700)),
        2 => prop_oneof![path(), "[x]{50,80}", Just("..".to_owned())].prop_map(What::Symlink),
        2 => path().prop_map(What::Link),
    ];
    (path(), 0..LATEST, what).prop_map(|(path, modified, what)| Entry { path, modified, what })
}

fn archive(entries: &[Entry]) -> Vec<u8> {
    let mut archive = Archive::new();
    for Entry { path, modified, what } in entries {
        match what {
            What::File(length, zeros, mode) => {
                let content: Vec<u8> = if *zeros {
                    vec![0; *length]
                } else {
                    (1..=250).cycle().take(*length).collect()
                };
                archive.file(path, &content, *mode, *modified);
            }
            What::Directory(mode) => archive.directory(path, *mode, *modified),
            What::Symlink(target) => archive.link(EntryType::Symlink, path, target, *modified),
            What::Link(target) => archive.link(EntryType::Link, path, target, *modified),
        }
    }
    archive.finish()
}

#[test]
fn the_host_and_the_agent_make_the_same_of_an_archive() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("workspace")).unwrap();
    let (session, agent) = runtime.block_on(start(directory.path().to_owned()));
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRunner::deterministic().new_rng());
    let (taken, refused) = (Cell::new(0), Cell::new(0));
    runner
        .run(&vec(entry(), 0..12), |entries| {
            let archive = archive(&entries);
            let by_host = by_host(&archive);
            let by_agent = by_agent(&runtime, &session, directory.path(), &archive);
            let count = if by_host.is_some() { &taken } else { &refused };
            count.set(count.get() + 1);
            prop_assert_eq!(by_host, by_agent);
            Ok(())
        })
        .unwrap();
    let (taken, refused) = (taken.get(), refused.get());
    assert!(taken > CASES / 10 && refused > CASES / 10, "{taken} were taken, {refused} refused");
    session.close();
    drop(session);
    // the channel is closed by a task of the runtime
    let ended = async { tokio::task::spawn_blocking(move || agent.join().unwrap()).await };
    runtime.block_on(ended).unwrap();
}

/// What the host makes of an archive; `None` where it refuses it.
fn by_host(archive: &[u8]) -> Option<(Tree, TransferDone)> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let disk = create(&path, DEFAULT_BYTES).unwrap();
    let filled = fill(&disk, &path, archive).ok()?;
    let tree = tree_on(&DiskView::open(&path).unwrap());
    Some((settled(tree), TransferDone { entries: filled.entries, bytes: filled.bytes }))
}

/// What the agent makes of it.
fn by_agent(
    runtime: &Runtime,
    session: &Session,
    root: &Path,
    archive: &[u8],
) -> Option<(Tree, TransferDone)> {
    let directory = tempfile::tempdir_in(root.join("workspace")).unwrap();
    let name = directory.path().file_name().unwrap().to_str().unwrap();
    let path = format!("/workspace/{name}").as_str().into();
    let done = runtime.block_on(async {
        let request = Request::WriteTree { path, replace: false };
        let stream = session.open(&request).await.unwrap();
        transfer::send(stream, &mut &archive[..]).await
    });
    Some((settled(tree_in(directory.path())), done.ok()?))
}

/// Times of the unpacking itself are the same.
fn settled(mut tree: Tree) -> Tree {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
    for (_, _, modified, _) in tree.values_mut() {
        if *modified >= LATEST.cast_signed() {
            assert!((now - 60..=now + 1).contains(modified), "{modified} is not about {now}");
            *modified = i64::MAX;
        }
    }
    tree
}

async fn start(root: std::path::PathBuf) -> (Session, std::thread::JoinHandle<()>) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let agent = std::thread::spawn(move || {
        pyro_agent::run_as_process(theirs.into(), &root);
    });
    ours.set_nonblocking(true).unwrap();
    let mut channel = tokio::net::UnixStream::from_std(ours).unwrap();
    let hello = Hello {
        generation: GENERATION,
        oldest: OLDEST,
        pyro: env!("CARGO_PKG_VERSION").into(),
        unix_time_ns: 0,
        entropy: [0; 32],
        hostname: "test".into(),
    };
    let (_, early) = handshake::offer(&mut channel, [7; 16], &hello).await.unwrap();
    (Session::start(channel, Side::Host, early, 0).0, agent)
}
