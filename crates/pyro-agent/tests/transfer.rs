//! Files and trees, read and written by the real agent in a process of its own.
#![allow(clippy::unwrap_used)] // a failed step is a failed test

mod support;

use pyro_proto::frame::Lane;
use pyro_proto::mux::Item;
use pyro_proto::request::{Request, TransferDone};
use pyro_proto::{GuestPath, Refusal, RefusalCode};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;
use support::{Agent, within};
use tar::{Builder, EntryType, Header};

fn read(path: &str) -> Request {
    Request::ReadFile { path: path.into(), offset: 0, length: None }
}

fn write(path: &str) -> Request {
    Request::WriteFile { path: path.into(), mode: 0o640 }
}

fn done(entries: u64, bytes: u64) -> TransferDone {
    TransferDone { entries, bytes }
}

#[tokio::test]
async fn a_file_is_written_with_its_parents_and_read_in_parts() {
    let agent = Agent::start().await;
    let content: Vec<u8> = (0..3_000_000u32).map(|i| i.to_le_bytes()[0] ^ 0x5a).collect();
    assert_eq!(agent.send(&write("/new/dir/f"), &content).await, Ok(done(1, 3_000_000)));
    let path = agent.path("new/dir/f");
    assert!(fs::read(&path).unwrap() == content);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
    assert_eq!(names(&agent.path("new/dir")), ["f"]);
    let (whole, _) = agent.fetch(&read("/new/dir/f")).await.unwrap();
    assert!(whole == content);
    let part =
        Request::ReadFile { path: "/new/dir/f".into(), offset: 70_000, length: Some(100_000) };
    let (part, answer) = agent.fetch(&part).await.unwrap();
    assert!(part == content[70_000..170_000]);
    assert_eq!(answer, done(1, 100_000));
    let beyond = Request::ReadFile { path: "/new/dir/f".into(), offset: 1 << 40, length: None };
    assert_eq!(agent.fetch(&beyond).await.unwrap(), (vec![], done(1, 0)));
}

#[tokio::test]
async fn a_replaced_file_keeps_its_mode_and_is_never_half_written() {
    let agent = Agent::start().await;
    let path = agent.path("f");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).unwrap();
    let mut stream = agent.open(&write("/f")).await;
    stream.sender.send(Lane::Main, &vec![1; 1 << 20]).await.unwrap();
    within(Duration::from_secs(2), || names(agent.directory.path()).len() == 2).await;
    drop(stream);
    within(Duration::from_secs(2), || names(agent.directory.path()) == ["f"]).await;
    assert_eq!(fs::read(&path).unwrap(), b"old");
    agent.send(&write("/f"), b"new").await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o751);
}

#[tokio::test]
async fn only_regular_files_are_read_or_replaced() {
    let agent = Agent::start().await;
    fs::create_dir(agent.path("dir")).unwrap();
    symlink("/etc/passwd", agent.path("link")).unwrap();
    assert_eq!(agent.sh("mkfifo fifo; ln -s /dev/zero zero").await.exit.code, 0);
    for path in ["/dir", "/link", "/fifo", "/zero", "relative", "/", "/.."] {
        let read = agent.fetch(&read(path)).await.unwrap_err();
        assert_eq!(read.code, RefusalCode::Invalid, "{path}: {read}");
        let written = agent.send(&write(path), b"x").await.unwrap_err();
        assert_eq!(written.code, RefusalCode::Invalid, "{path}: {written}");
    }
    let missing = agent.fetch(&read("/none")).await.unwrap_err();
    assert_eq!((missing.code, missing.errno), (RefusalCode::NotFound, Some(2)));
    assert!(missing.message.contains("/none"));
    // nothing outside of the agent's directory can be named
    assert_eq!(
        agent.fetch(&read("/../../etc/passwd")).await.unwrap_err().code,
        RefusalCode::NotFound
    );
}

#[tokio::test]
async fn a_tree_comes_back_as_it_was_sent() {
    let agent = Agent::start().await;
    let long = "n".repeat(200);
    let deep = format!("deep/{long}/{long}");
    let archive = archive(|tar| {
        directory(tar, "sub/", 0o550);
        file(tar, "sub/run", b"#!/bin/sh\n", 0o4755);
        file(tar, "sub/run2", b"", 0o644);
        file(tar, &deep, &[7; 100_000], 0o600);
        link(tar, EntryType::Symlink, "dangling", "../../no/where/./x//");
        link(tar, EntryType::Link, "hard", "sub/run");
    });
    let target = Request::WriteTree { path: "/made/here".into(), replace: false };
    assert_eq!(agent.send(&target, &archive).await, Ok(done(6, 100_010)));
    let at = |name: &str| agent.path("made/here").join(name);
    assert_eq!(fs::metadata(at("sub")).unwrap().mode() & 0o7777, 0o550);
    assert_eq!(fs::metadata(at("sub/run")).unwrap().mode() & 0o7777, 0o4755);
    assert_eq!(fs::metadata(at("sub/run")).unwrap().ino(), fs::metadata(at("hard")).unwrap().ino());
    assert_eq!(fs::metadata(at("sub")).unwrap().mtime(), 1_000_000_000);
    assert_eq!(fs::symlink_metadata(at("dangling")).unwrap().mtime(), 1_000_000_000);

    let request = Request::ReadTree { path: "/made/here".into(), without_git: false };
    let (packed, answer) = agent.fetch(&request).await.unwrap();
    assert_eq!(answer, done(8, 100_020));
    let entries = entries(&packed);
    let kinds: Vec<(&str, EntryType)> = entries.iter().map(|(n, e)| (n.as_str(), e.kind)).collect();
    assert_eq!(kinds.len(), 8);
    assert_eq!(entries["dangling"].target.as_deref(), Some("../../no/where/./x//"));
    assert_eq!(entries["sub/run"].content, b"#!/bin/sh\n");
    assert_eq!(entries["sub/run"].mode, 0o4755);
    assert_eq!(entries[&deep].content, [7; 100_000]);
    assert_eq!(agent.fetch(&request).await.unwrap().0, packed);

    // what is there already is replaced
    let again = archive_of("dangling", b"now a file");
    agent.send(&target, &again).await.unwrap();
    assert_eq!(fs::read(at("dangling")).unwrap(), b"now a file");
}

#[tokio::test]
async fn a_tree_in_use_is_replaced_file_by_file() {
    let agent = Agent::start().await;
    let at = |name: &str| agent.path("t").join(name);
    fs::create_dir_all(at("d")).unwrap();
    fs::write(at("d/f"), "old").unwrap();
    fs::write(at("link"), "old").unwrap();
    let request = Request::WriteTree { path: "/t".into(), replace: true };
    // what never becomes complete replaces nothing
    let mut half = archive_of("d/f", &[1; 10_000]);
    half.truncate(5_000);
    assert_eq!(agent.send(&request, &half).await.unwrap_err().code, RefusalCode::Invalid);
    assert!(fs::read(at("d/f")).unwrap() == b"old");
    let whole = archive(|tar| {
        directory(tar, "d", 0o750);
        file(tar, "d/f", b"new", 0o4711);
        link(tar, EntryType::Symlink, "link", "to");
        link(tar, EntryType::Link, "hard", "d/f");
        link(tar, EntryType::Link, "d/f", "hard");
    });
    assert_eq!(agent.send(&request, &whole).await, Ok(done(5, 3)));
    let replaced = fs::metadata(at("d/f")).unwrap();
    assert_eq!((replaced.mode() & 0o7777, replaced.mtime()), (0o4711, 1_000_000_000));
    assert_eq!(fs::read(at("d/f")).unwrap(), b"new");
    assert_eq!(replaced.ino(), fs::metadata(at("hard")).unwrap().ino());
    assert_eq!(fs::read_link(at("link")).unwrap(), Path::new("to"));
    assert_eq!(fs::symlink_metadata(at("link")).unwrap().mtime(), 1_000_000_000);
    assert_eq!(fs::metadata(at("d")).unwrap().mode() & 0o7777, 0o750);
    assert_eq!(names(&agent.path("t")), ["d", "hard", "link"]);
    assert_eq!(names(&at("d")), ["f"]);
}

#[tokio::test]
async fn a_tree_in_use_is_never_reached_through_a_link() {
    let agent = Agent::start().await;
    fs::create_dir_all(agent.path("elsewhere")).unwrap();
    symlink("/elsewhere", agent.path("link")).unwrap();
    for path in ["/link", "/link/deeper", "/link/a/b"] {
        let request = Request::WriteTree { path: path.into(), replace: true };
        let refusal = agent.send(&request, &archive_of("f", b"x")).await.unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid, "{path}: {refusal}");
        assert!(refusal.message.contains("symbolic link"), "{refusal}");
    }
    assert_eq!(names(&agent.path("elsewhere")), [""; 0]);
}

#[tokio::test]
async fn a_single_file_is_packed_under_its_name() {
    let agent = Agent::start().await;
    fs::write(agent.path("one"), "1").unwrap();
    let (packed, _) =
        agent.fetch(&Request::ReadTree { path: "/one".into(), without_git: false }).await.unwrap();
    assert_eq!(entries(&packed)["one"].content, b"1");
    let missing = agent
        .fetch(&Request::ReadTree { path: "/none".into(), without_git: false })
        .await
        .unwrap_err();
    assert_eq!(missing.code, RefusalCode::NotFound);
}

#[tokio::test]
async fn names_that_are_no_text_and_long_links_survive() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let agent = Agent::start().await;
    let name = OsStr::from_bytes(b"a\xff\n b");
    fs::create_dir(agent.path("d")).unwrap();
    fs::write(agent.path("d").join(name), "x").unwrap();
    let target = "../t//".repeat(50);
    symlink(&target, agent.path("d/link")).unwrap();
    assert_eq!(agent.sh("mkfifo d/fifo").await.exit.code, 0);
    let (packed, answer) =
        agent.fetch(&Request::ReadTree { path: "/d".into(), without_git: false }).await.unwrap();
    assert_eq!(answer, done(2, 1));
    agent.send(&Request::WriteTree { path: "/e".into(), replace: false }, &packed).await.unwrap();
    assert_eq!(fs::read(agent.path("e").join(name)).unwrap(), b"x");
    assert_eq!(fs::read_link(agent.path("e/link")).unwrap().to_str(), Some(&target[..]));
    let path = GuestPath::new(*b"/e/a\xff\n b");
    let request = Request::ReadFile { path, offset: 0, length: None };
    assert_eq!(agent.fetch(&request).await.unwrap().0, b"x");
}

#[tokio::test]
async fn a_hostile_archive_is_refused_by_the_name_of_its_entry() {
    let agent = Agent::start().await;
    let outside = tempfile::tempdir().unwrap();
    let victim = outside.path().to_str().unwrap();
    fs::create_dir(agent.path("t")).unwrap();
    symlink(victim, agent.path("t/trap")).unwrap();
    let special = |kind| archive(|tar| link(tar, kind, "special", "x"));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("../up", archive_of("../up", b"x")),
        ("a/../../up", archive_of("a/../../up", b"x")),
        ("/absolute", archive_of("/absolute", b"x")),
        ("trap/in", archive_of("trap/in", b"x")),
        (
            "own/in",
            archive(|tar| {
                link(tar, EntryType::Symlink, "own", victim);
                file(tar, "own/in", b"x", 0o644);
            }),
        ),
        ("trap/dir", archive(|tar| directory(tar, "trap/dir", 0o755))),
        ("/etc/passwd", archive(|tar| link(tar, EntryType::Link, "hard", "/etc/passwd"))),
        ("../../etc/passwd", archive(|tar| link(tar, EntryType::Link, "hard", "../../etc/passwd"))),
        ("hard", archive(|tar| link(tar, EntryType::Link, "hard", "trap/x"))),
        ("special", special(EntryType::Char)),
        ("special", special(EntryType::Block)),
        ("special", special(EntryType::Fifo)),
    ];
    for (name, archive) in cases {
        let refusal = send_tree(&agent, &archive).await.unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid, "{name}: {refusal}");
        assert!(refusal.message.contains(name), "{name}: {refusal}");
    }
    assert_eq!(names(outside.path()), [] as [&str; 0]);
    assert!(!agent.path("up").exists());
}

#[tokio::test]
async fn an_archive_that_ends_too_early_or_is_none_is_an_error() {
    let agent = Agent::start().await;
    let whole = archive_of("f", &[1; 10_000]);
    for broken in [&whole[..5_000], &[0x55; 4096]] {
        let refusal = send_tree(&agent, broken).await.unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid, "{refusal}");
    }
    assert_eq!(send_tree(&agent, &[]).await, Ok(done(0, 0)));
    assert_eq!(agent.sh("echo alive").await.stdout, b"alive\n");
}

#[tokio::test]
async fn a_reader_that_gives_up_stops_the_work() {
    let agent = Agent::start().await;
    fs::File::create(agent.path("big")).unwrap().set_len(1 << 40).unwrap();
    let mut stream = agent.open(&read("/big")).await;
    assert!(matches!(stream.receiver.next().await, Item::Data(..)));
    drop(stream);
    let open = || {
        let fds = fs::read_dir(format!("/proc/{}/fd", agent.pid())).unwrap();
        fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok()).any(|to| to.ends_with("big"))
    };
    within(Duration::from_secs(2), || !open()).await;
}

async fn send_tree(agent: &Agent, archive: &[u8]) -> Result<TransferDone, Refusal> {
    agent.send(&Request::WriteTree { path: "/t".into(), replace: false }, archive).await
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|e| e.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn archive(fill: impl FnOnce(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    fill(&mut tar);
    tar.into_inner().unwrap()
}

fn archive_of(name: &str, content: &[u8]) -> Vec<u8> {
    archive(|tar| file(tar, name, content, 0o644))
}

/// A header whose name is written as it is: the crate's own functions refuse hostile ones.
fn header(name: &str, kind: EntryType, size: usize, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(mode);
    header.set_mtime(1_000_000_000);
    header.set_cksum();
    header
}

fn file(tar: &mut Builder<Vec<u8>>, name: &str, content: &[u8], mode: u32) {
    if name.len() > 100 {
        let mut short = header("x", EntryType::Regular, content.len(), mode);
        return tar.append_data(&mut short, name, content).unwrap();
    }
    tar.append(&header(name, EntryType::Regular, content.len(), mode), content).unwrap();
}

fn directory(tar: &mut Builder<Vec<u8>>, name: &str, mode: u32) {
    tar.append(&header(name, EntryType::Directory, 0, mode), &[][..]).unwrap();
}

fn link(tar: &mut Builder<Vec<u8>>, kind: EntryType, name: &str, target: &str) {
    let mut header = header(name, kind, 0, 0o777);
    header.as_gnu_mut().unwrap().linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_cksum();
    tar.append(&header, &[][..]).unwrap();
}

struct Packed {
    kind: EntryType,
    mode: u32,
    content: Vec<u8>,
    target: Option<String>,
}

fn entries(archive: &[u8]) -> BTreeMap<String, Packed> {
    let mut archive = tar::Archive::new(archive);
    let mut found = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let packed = Packed {
            kind: entry.header().entry_type(),
            mode: entry.header().mode().unwrap(),
            target: entry.link_name_bytes().map(|target| text(&target)),
            content,
        };
        found.insert(text(&entry.path_bytes()), packed);
    }
    found
}

#[tokio::test]
async fn a_root_comes_as_an_image_is_made_of_it() {
    let agent = Agent::start().await;
    let target = "t".repeat(200);
    let deep = format!("{}/{}", "d".repeat(90), "e".repeat(90));
    fs::create_dir_all(agent.path(&deep)).unwrap();
    fs::write(agent.path(&format!("{deep}/first")), "shared").unwrap();
    fs::hard_link(agent.path(&format!("{deep}/first")), agent.path("second")).unwrap();
    fs::write(agent.path("program"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(agent.path("program"), fs::Permissions::from_mode(0o4755)).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(agent.path("program"), "user.mark", b"a mark", flags).unwrap();
    symlink(&target, agent.path("link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        agent.path("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(agent.path("socket")).unwrap();
    fs::create_dir(agent.path("workspace")).unwrap();
    fs::write(agent.path("workspace/mine"), "").unwrap();

    let (archive, answer) = agent.fetch(&Request::ReadRoot).await.unwrap();
    let mut archive = tar::Archive::new(&archive[..]);
    let mut found = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let link = entry.link_name_bytes().map(|name| String::from_utf8(name.into()).unwrap());
        let mark = entry.pax_extensions().unwrap().and_then(|records| {
            let record = records.into_iter().flatten().next()?;
            Some((record.key().unwrap().to_owned(), record.value_bytes().to_vec()))
        });
        let header = entry.header().clone();
        let facts = (header.entry_type(), header.mode().unwrap() & 0o7777, link);
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        found.insert(path, (facts, content, mark));
    }
    assert_eq!(answer, done(found.len() as u64, 16));
    assert_eq!(found["./"].0.0, EntryType::Directory);
    assert_eq!(found[&format!("{deep}/first")].1, "shared");
    let ((kind, _, link), ..) = &found["second"];
    assert_eq!((*kind, link.as_deref()), (EntryType::Link, Some(&*format!("{deep}/first"))));
    assert_eq!(found["link"].0, (EntryType::Symlink, 0o777, Some(target)));
    assert_eq!(found["pipe"].0, (EntryType::Fifo, 0o600, None));
    let (facts, content, mark) = &found["program"];
    assert_eq!((facts.1, content.as_str()), (0o4755, "#!/bin/sh\n"));
    assert_eq!(mark, &Some(("SCHILY.xattr.user.mark".to_owned(), b"a mark".to_vec())));
    assert!(!found.keys().any(|path| path.contains("workspace") || path == "socket"), "{found:?}");
}
