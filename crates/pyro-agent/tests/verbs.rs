//! Looking at files and editing them, done by the real agent in a process of its own.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

mod support;

use pyro_proto::mux::Item;
use pyro_proto::request::{Exec, Request};
use pyro_proto::tree::{EditOutcome, Entry, Frozen, Kind, ListDone, MAX_EDITED, Thawed};
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Duration;
use support::{Agent, sh};

async fn stat(agent: &Agent, path: impl Into<GuestPath>) -> Result<Entry, Refusal> {
    agent.ask(&Request::Stat { path: path.into() }).await
}

async fn list(
    agent: &Agent,
    path: &str,
    recursive: bool,
    limit: u64,
) -> Result<(Vec<Entry>, ListDone), Refusal> {
    agent.lines(&Request::List { path: path.into(), recursive, limit }).await
}

async fn edit(
    agent: &Agent,
    path: &str,
    old: &str,
    new: &str,
    all: bool,
) -> Result<EditOutcome, Refusal> {
    let (path, old, new) = (path.into(), old.into(), new.into());
    agent.ask(&Request::EditFile { path, old, new, replace_all: all }).await
}

#[tokio::test]
async fn whatever_is_there_is_told_and_links_are_not_followed() {
    let agent = Agent::start().await;
    fs::write(agent.path("f"), "12345").unwrap();
    fs::set_permissions(agent.path("f"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::create_dir(agent.path("d")).unwrap();
    symlink("/etc/passwd", agent.path("d/link")).unwrap();
    assert_eq!(agent.sh("mkfifo d/fifo").await.exit.code, 0);
    let file = stat(&agent, "/d/..not/../f").await.unwrap_err();
    assert_eq!(file.code, RefusalCode::Invalid);
    let file = stat(&agent, "//./f/").await.unwrap();
    let metadata = fs::metadata(agent.path("f")).unwrap();
    let mtime_ns = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
    let mode = 0o4751;
    let expected =
        Entry { path: "/f".into(), kind: Kind::File, size: 5, mode, mtime_ns, link_target: None };
    assert_eq!(file, expected);
    let link = stat(&agent, "/d/link").await.unwrap();
    assert_eq!((link.kind, link.size), (Kind::Symlink, 11));
    assert_eq!(link.link_target, Some("/etc/passwd".into()));
    assert_eq!(stat(&agent, "/d/fifo").await.unwrap().kind, Kind::Other);
    let top = stat(&agent, "/").await.unwrap();
    assert_eq!((top.path, top.kind, top.size), ("/".into(), Kind::Directory, 0));
    for (path, code) in [
        ("/none", RefusalCode::NotFound),
        ("/f/below", RefusalCode::NotFound),
        ("f", RefusalCode::Invalid),
        ("", RefusalCode::Invalid),
        ("/a\0b", RefusalCode::Invalid),
    ] {
        assert_eq!(stat(&agent, path).await.unwrap_err().code, code, "{path:?}");
    }
    let long = format!("/{}", "a/".repeat(3000));
    assert_eq!(stat(&agent, &long[..]).await.unwrap_err().code, RefusalCode::Invalid);
}

#[tokio::test]
async fn a_directory_is_listed_in_order_and_links_lead_nowhere() {
    let agent = Agent::start().await;
    for directory in ["t/a/deep", "t/a.b", "t/empty"] {
        fs::create_dir_all(agent.path(directory)).unwrap();
    }
    for file in ["t/a/x", "t/a/deep/y", "t/a-b", "t/a.b/z"] {
        fs::write(agent.path(file), "").unwrap();
    }
    symlink("a", agent.path("t/link")).unwrap();
    symlink("..", agent.path("t/up")).unwrap();
    let names = |(entries, done): (Vec<Entry>, ListDone)| {
        assert_eq!(done.entries, entries.len() as u64);
        (entries.iter().map(|e| e.path.to_string()).collect::<Vec<_>>(), done.truncated)
    };
    let (flat, truncated) = names(list(&agent, "/t/", false, 100).await.unwrap());
    assert_eq!(flat, ["/t/a", "/t/a-b", "/t/a.b", "/t/empty", "/t/link", "/t/up"]);
    assert!(!truncated);
    let (whole, truncated) = names(list(&agent, "/t", true, 10).await.unwrap());
    let expected = [
        "/t/a",
        "/t/a/deep",
        "/t/a/deep/y",
        "/t/a/x",
        "/t/a-b",
        "/t/a.b",
        "/t/a.b/z",
        "/t/empty",
        "/t/link",
        "/t/up",
    ];
    assert_eq!((whole, truncated), (expected.map(String::from).to_vec(), false));
    let (part, truncated) = names(list(&agent, "/t", true, 9).await.unwrap());
    assert_eq!((part.len(), truncated), (9, true));
    assert_eq!(names(list(&agent, "/t", true, 0).await.unwrap()), (vec![], true));
    assert_eq!(names(list(&agent, "/t/empty", true, 0).await.unwrap()), (vec![], false));
    // what is no directory lists itself, a link to one too
    assert_eq!(names(list(&agent, "/t/a-b", true, 9).await.unwrap()).0, ["/t/a-b"]);
    assert_eq!(names(list(&agent, "/t/link", true, 9).await.unwrap()).0, ["/t/link"]);
    assert_eq!(names(list(&agent, "/", false, 9).await.unwrap()).0, ["/t"]);
    let missing = list(&agent, "/none", false, 9).await.unwrap_err();
    assert_eq!(missing.code, RefusalCode::NotFound);
}

#[tokio::test]
async fn hostile_names_arrive_byte_by_byte() {
    let agent = Agent::start().await;
    fs::create_dir(agent.path("t")).unwrap();
    let long = [b'\xff'; 255];
    let names: [&[u8]; 6] =
        [b"\n{\"path\":\"x\"}", b"--help", b"a\x1b[2J", b"\xff\xfe", b" ", &long];
    for name in names {
        fs::write(agent.path("t").join(OsStr::from_bytes(name)), "").unwrap();
    }
    symlink(OsStr::from_bytes(b"\xff\n"), agent.path("t/link")).unwrap();
    let (entries, done) = list(&agent, "/t", false, 100).await.unwrap();
    assert_eq!(done, ListDone { entries: 7, truncated: false });
    let mut expected: Vec<Vec<u8>> = names.map(|name| [b"/t/", name].concat()).to_vec();
    expected.push(b"/t/link".to_vec());
    expected.sort();
    let listed: Vec<Vec<u8>> = entries.iter().map(|e| e.path.as_bytes().to_vec()).collect();
    assert_eq!(listed, expected);
    let link = entries.iter().find(|e| e.kind == Kind::Symlink).unwrap();
    assert_eq!(link.link_target, Some(GuestPath::new(*b"\xff\n")));
    let one = stat(&agent, GuestPath::new([b"/t/", &long[..]].concat())).await.unwrap();
    assert_eq!(one.kind, Kind::File);
}

#[tokio::test]
async fn a_huge_directory_stops_at_the_limit_and_a_deep_one_is_walked_to_its_end() {
    let agent = Agent::start().await;
    let made = agent.sh("mkdir many deep && cd many && seq -f %06g 30000 | xargs touch").await;
    assert_eq!(made.exit.code, 0, "{made:?}");
    let (entries, done) = list(&agent, "/many", false, 1000).await.unwrap();
    assert_eq!(done, ListDone { entries: 1000, truncated: true });
    assert_eq!(entries.last().unwrap().path, "/many/001000".into());
    let (entries, done) = list(&agent, "/many", false, 40_000).await.unwrap();
    assert_eq!((entries.len(), done.truncated), (30_000, false));
    fs::create_dir_all(agent.path("deep").join("d/".repeat(300))).unwrap();
    assert_eq!(list(&agent, "/deep", true, 1000).await.unwrap().0.len(), 300);
}

#[tokio::test]
async fn an_edit_replaces_what_it_was_told_and_keeps_the_mode() {
    let agent = Agent::start().await;
    let path = agent.path("f");
    let is = |content: &[u8]| assert_eq!(fs::read(&path).unwrap(), content);
    fs::write(&path, b"one\r\ntwo \xff one\0").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).unwrap();
    let outcome = edit(&agent, "/f", "one", "1", false).await;
    assert_eq!(outcome, Ok(EditOutcome::Ambiguous { count: 2 }));
    assert_eq!(edit(&agent, "/f", "three", "3", true).await, Ok(EditOutcome::Missing {}));
    is(b"one\r\ntwo \xff one\0");
    let outcome = edit(&agent, "/f", "two", "zwei", false).await;
    assert_eq!(outcome, Ok(EditOutcome::Edited { replacements: 1, bytes: 16 }));
    let outcome = edit(&agent, "/f", "one", "", true).await;
    assert_eq!(outcome, Ok(EditOutcome::Edited { replacements: 2, bytes: 10 }));
    is(b"\r\nzwei \xff \0");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o751);
    // occurrences that overlap are as ambiguous as others
    fs::write(&path, "aaa").unwrap();
    let outcome = edit(&agent, "/f", "aa", "b", false).await;
    assert_eq!(outcome, Ok(EditOutcome::Ambiguous { count: 2 }));
    let outcome = edit(&agent, "/f", "aa", "b", true).await;
    assert_eq!(outcome, Ok(EditOutcome::Edited { replacements: 1, bytes: 2 }));
    assert_eq!(fs::read_dir(agent.directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn an_edit_that_cannot_be_meant_is_refused() {
    let agent = Agent::start().await;
    fs::write(agent.path("f"), "x").unwrap();
    symlink("f", agent.path("link")).unwrap();
    fs::create_dir(agent.path("d")).unwrap();
    assert_eq!(agent.sh("mkfifo fifo").await.exit.code, 0);
    let big = fs::File::create(agent.path("big")).unwrap();
    big.set_len(MAX_EDITED + 1).unwrap();
    fs::write(agent.path("grows"), "x".repeat(100_000)).unwrap();
    let long = "y".repeat(1000);
    for (path, old, new) in [
        ("/f", "", "y"),
        ("/link", "x", "y"),
        ("/d", "x", "y"),
        ("/fifo", "x", "y"),
        ("f", "x", "y"),
        ("/big", "x", "y"),
        ("/grows", "x", &long),
    ] {
        let refusal = edit(&agent, path, old, new, true).await.unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid, "{path}: {refusal}");
    }
    let missing = edit(&agent, "/none", "x", "y", true).await.unwrap_err();
    assert_eq!(missing.code, RefusalCode::NotFound);
    assert_eq!(fs::read(agent.path("f")).unwrap(), b"x");
    big.set_len(MAX_EDITED).unwrap();
    let most = edit(&agent, "/big", "\0", "\n", true).await.unwrap();
    assert_eq!(most, EditOutcome::Edited { replacements: MAX_EDITED, bytes: MAX_EDITED });
}

#[tokio::test]
async fn edits_at_the_same_time_all_arrive() {
    let agent = Agent::start().await;
    let places: Vec<String> = (100..140).map(|n| format!("<{n}>")).collect();
    fs::write(agent.path("f"), places.concat()).unwrap();
    let edits = places.iter().map(|place| {
        let request = Request::EditFile {
            path: "/f".into(),
            old: place.clone(),
            new: String::new(),
            replace_all: false,
        };
        let session = agent.session.clone();
        tokio::spawn(async move {
            let mut stream = session.open(&request).await.unwrap();
            support::message::<EditOutcome>(&mut stream).await.unwrap()
        })
    });
    for edit in edits.collect::<Vec<_>>() {
        assert!(matches!(edit.await.unwrap(), EditOutcome::Edited { replacements: 1, .. }));
    }
    assert_eq!(fs::read(agent.path("f")).unwrap(), b"");
}

#[tokio::test]
async fn a_command_and_a_request_may_wait_for_the_disk() {
    let agent = Agent::start().await;
    let ran = agent.exec(Exec { sync: true, ..sh("echo x >f; exit 3") }).await.unwrap();
    assert_eq!(ran.exit.code, 3);
    agent.nothing(&Request::Sync).await.unwrap();
}

#[tokio::test]
async fn a_freeze_ends_with_its_host_or_with_its_limit() {
    let agent = Agent::start().await;
    let mut stream = agent.open(&Request::Freeze { limit_ms: 60_000 }).await;
    assert_eq!(support::message(&mut stream).await, Ok(Frozen {}));
    stream.sender.finish().await.unwrap();
    assert_eq!(support::message(&mut stream).await, Ok(Thawed { in_time: true }));
    assert_eq!(stream.receiver.next().await, Item::Finish);
    let mut stream = agent.open(&Request::Freeze { limit_ms: 0 }).await;
    assert_eq!(support::message(&mut stream).await, Ok(Frozen {}));
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.sender.finish().await.unwrap();
    assert_eq!(support::message(&mut stream).await, Ok(Thawed { in_time: false }));
    // one that is given up leaves nothing behind
    drop(agent.open(&Request::Freeze { limit_ms: 60_000 }).await);
    assert_eq!(agent.sh("echo alive").await.stdout, b"alive\n");
}
