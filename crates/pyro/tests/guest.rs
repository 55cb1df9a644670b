//! Every request about files, sent by the library to the real agent. The agent runs in a thread: one test
//! only, as it takes over the children of this process.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

use pyro::guest::{Bounds, files, freeze, transfer, tree};
use pyro_proto::handshake::{self, GENERATION, Hello, OLDEST};
use pyro_proto::mux::{Session, Side};
use pyro_proto::request::{Request, TransferDone};
use pyro_proto::tree::{EditOutcome, Kind};
use std::os::unix::net::UnixStream;

const BOUNDS: Bounds = Bounds { items: 100, bytes: 1 << 20 };

#[tokio::test]
async fn the_library_and_the_agent_understand_each_other() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("workspace")).unwrap();
    let (session, agent) = start(directory.path().to_owned()).await;
    let open = async |request| session.open(&request).await.unwrap();

    let taken = tree::take_manifest(open(Request::TakeManifest).await).await.unwrap();
    let path = "/workspace/d/f";
    let write = open(Request::WriteFile { path: path.into(), mode: 0o644 }).await;
    let written = transfer::send(write, &mut &b"one two"[..]).await.unwrap();
    assert_eq!(written, TransferDone { entries: 1, bytes: 7 });
    freeze::sync(open(Request::Sync).await).await.unwrap();

    let entry = files::stat(open(Request::Stat { path: path.into() }).await).await.unwrap();
    assert_eq!((entry.kind, entry.size, entry.mode), (Kind::File, 7, 0o644));
    let list = Request::List { path: "/workspace".into(), recursive: true, limit: 100 };
    let listing = files::list(open(list).await, BOUNDS).await.unwrap();
    let paths: Vec<String> = listing.entries.iter().map(|entry| entry.path.to_string()).collect();
    assert_eq!((paths, listing.truncated), (vec!["/workspace/d".into(), path.into()], false));

    let (old, new) = ("two".into(), "three".into());
    let edit = Request::EditFile { path: path.into(), old, new, replace_all: false };
    let outcome = files::edit(open(edit.clone()).await).await.unwrap();
    assert_eq!(outcome, EditOutcome::Edited { replacements: 1, bytes: 9 });
    assert_eq!(files::edit(open(edit).await).await.unwrap(), EditOutcome::Missing {});

    let request = Request::Changes { checksum: Some(taken.checksum), limit: 100 };
    let changes = tree::changes(open(request).await, BOUNDS).await.unwrap();
    let paths: Vec<String> = changes.changes.iter().map(|c| c.path.to_string()).collect();
    assert_eq!((paths, changes.total), (vec!["d".into(), "d/f".into()], 2));
    let request = Request::Changes { checksum: Some("00000000".into()), limit: 100 };
    tree::changes(open(request).await, BOUNDS).await.unwrap_err();

    let frozen = freeze::freeze(open(Request::Freeze { limit_ms: 60_000 }).await).await.unwrap();
    assert!(frozen.thaw().await.unwrap());

    session.close();
    drop(session);
    // the channel is closed by a task of this runtime, which must not be blocked meanwhile
    tokio::task::spawn_blocking(move || agent.join().unwrap()).await.unwrap();
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
