//! Installing the pinned release, with a stand-in for it: an archive laid out like the official one,
//! in which `firecracker` is a script that says its version.

use super::*;
use crate::error::Kind;
use crate::event::{Event, ignore};
use crate::machine::firecracker::program;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Mutex;

const SCRIPT: &[u8] = b"#!/bin/sh\necho Firecracker v1.16.1\n";

fn sha256(bytes: &[u8]) -> &'static str {
    digest::of_bytes(bytes).leak()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        // Written by hand: the library refuses names that lead out of a directory.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn official(script: &[u8]) -> Vec<u8> {
    archive(&[
        ("release-v1.16.1-x86_64/firecracker-v1.16.1-x86_64.debug", b"symbols"),
        ("release-v1.16.1-x86_64/firecracker-v1.16.1-x86_64", script),
        ("release-v1.16.1-x86_64/jailer-v1.16.1-x86_64", b"jailer"),
    ])
}

/// Serves these bytes to everybody who asks; where a promise is given, as so many.
fn serve(bytes: Vec<u8>, promise: Option<usize>) -> &'static str {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/release.tgz", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let length = promise.unwrap_or(bytes.len());
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &bytes].concat());
        }
    });
    url.leak()
}

struct Home {
    directory: tempfile::TempDir,
    runtimes: Runtimes,
}

impl Home {
    /// A user whose pyro pins a release with these digests.
    fn pinning(url: &'static str, archive: &[u8], script: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lookup = |name: &str| (name == "PYRO_HOME").then(|| directory.path().into());
        let config = Config::from_lookup("/pyro".into(), lookup).unwrap();
        let release = Release {
            version: Version::new(1, 16, 1),
            url,
            archive_sha256: sha256(archive),
            executable_sha256: sha256(script),
        };
        Self { directory, runtimes: Runtimes { config, release } }
    }

    fn serving(archive: &[u8]) -> Self {
        Self::pinning(serve(archive.to_vec(), None), archive, SCRIPT)
    }

    fn file(&self, bytes: &[u8]) -> String {
        let path = self.directory.path().join("given");
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    fn install(&self, order: &Order) -> Result<Installation> {
        self.runtimes.install(order, &ignore)
    }

    fn refused(&self, order: &Order) -> String {
        let error = self.install(order).unwrap_err();
        assert_eq!(self.installed(), Vec::<PathBuf>::new(), "{error}");
        assert!(!self.directory.path().join("data/runtimes/installing").exists(), "{error}");
        format!("{}: {error}", error.code())
    }

    fn installed(&self) -> Vec<PathBuf> {
        let runtimes = self.runtimes.config.paths.runtimes();
        program::installed(&runtimes).into_iter().map(|(_, path)| path).collect()
    }
}

#[test]
fn the_pinned_release_is_downloaded_once_with_progress() {
    let home = Home::serving(&official(SCRIPT));
    let heard = Mutex::new(Vec::new());
    let observer = |event| heard.lock().unwrap().push(event);
    let first = home.runtimes.install(&Order::pinned(), &observer).unwrap();
    assert_eq!((first.version, first.changed), (Version::new(1, 16, 1), true));
    assert_eq!(fs::read(&first.path).unwrap(), SCRIPT);
    assert_eq!(home.installed(), [first.path]);
    let heard = heard.into_inner().unwrap();
    let what = "downloading Firecracker v1.16.1".to_owned();
    assert_eq!(heard[0], Event::Started { what });
    assert!(matches!(heard[1], Event::Advanced { done: 1.., total: Some(1..), .. }));
    let heard = Mutex::new(Vec::new());
    let observer = |event| heard.lock().unwrap().push(event);
    assert!(!home.runtimes.install(&Order::pinned(), &observer).unwrap().changed);
    assert_eq!(heard.into_inner().unwrap(), []);
}

#[test]
fn a_damaged_program_is_replaced() {
    let home = Home::serving(&official(SCRIPT));
    let path = home.install(&Order::pinned()).unwrap().path;
    fs::write(&path, "damaged").unwrap();
    assert!(home.install(&Order::pinned()).unwrap().changed);
    assert_eq!(fs::read(path).unwrap(), SCRIPT);
}

#[test]
fn other_bytes_than_the_pinned_ones_are_refused_and_which_is_said() {
    let good = official(SCRIPT);
    let bad = official(b"#!/bin/sh\n");
    let home = Home::pinning(serve(bad.clone(), None), &good, SCRIPT);
    let said = home.refused(&Order::pinned());
    assert!(said.starts_with("digest_mismatch") && said.contains(sha256(&bad)), "{said}");
    let home = Home::pinning(serve(bad.clone(), None), &bad, SCRIPT);
    let said = home.refused(&Order::pinned());
    assert!(said.starts_with("executable_digest_mismatch"), "{said}");
    assert!(said.contains("the right one") && said.contains(sha256(b"#!/bin/sh\n")), "{said}");
    let home = Home::pinning(serve(SCRIPT.to_vec(), None), &good, SCRIPT);
    let said = home.refused(&Order::pinned());
    assert!(said.starts_with("digest_mismatch"), "a bare executable is no archive: {said}");
}

#[test]
fn a_connection_that_drops_installs_nothing() {
    let good = official(SCRIPT);
    let home = Home::pinning(serve(good[..50].to_vec(), Some(good.len())), &good, SCRIPT);
    let said = home.refused(&Order::pinned());
    assert!(said.starts_with("fetch_incomplete") && said.contains("after 50 of"), "{said}");
    let error = home.install(&Order::pinned()).unwrap_err();
    assert!(error.hints().iter().any(|hint| hint.contains("--from FILE")), "{error}");
}

#[test]
fn a_file_is_the_archive_or_the_executable() {
    for bytes in [official(SCRIPT), SCRIPT.to_vec()] {
        let home = Home::pinning("http://unused.invalid/", &official(SCRIPT), SCRIPT);
        let order = Order::from(&home.file(&bytes), None).unwrap();
        assert_eq!(fs::read(home.install(&order).unwrap().path).unwrap(), SCRIPT);
    }
}

#[test]
fn another_release_needs_its_digest() {
    let script = b"#!/bin/sh\necho Firecracker v1.12.1\n";
    let home = Home::pinning("http://unused.invalid/", b"", SCRIPT);
    let file = home.file(script);
    let said = home.refused(&Order::from(&file, None).unwrap());
    assert!(said.starts_with("digest_mismatch"), "{said}");
    let wrong = Order::from(&file, Some(sha256(b"else"))).unwrap();
    assert!(home.refused(&wrong).starts_with("digest_mismatch"));
    let right = Order::from(&format!("file://{file}"), Some(sha256(script))).unwrap();
    let installation = home.install(&right).unwrap();
    assert!(installation.path.ends_with("firecracker-v1.12.1/firecracker"));
    assert!(!home.install(&right).unwrap().changed);
}

#[test]
fn what_is_no_usable_firecracker_is_not_installed() {
    let deep = [&b"\x1f\x8b"[..], b"no gzip"].concat();
    let mut cut = official(SCRIPT);
    cut.truncate(cut.len() / 2);
    let two = archive(&[("firecracker", SCRIPT), ("x/firecracker", SCRIPT)]);
    let old: &[u8] = b"#!/bin/sh\necho Firecracker v1.11.0\n";
    let cases: [(&str, Vec<u8>); 8] = [
        ("bad_archive", deep),
        ("bad_archive", cut),
        ("bad_archive", two),
        ("bad_archive", archive(&[("firecracker.debug", SCRIPT)])),
        ("bad_archive", archive(&[])),
        ("firecracker_too_old", old.to_vec()),
        ("firecracker_does_not_run", b"#!/bin/sh\necho hello\n".to_vec()),
        ("firecracker_does_not_run", Vec::new()),
    ];
    for (code, bytes) in cases {
        let home = Home::pinning("http://unused.invalid/", b"", SCRIPT);
        let order = Order::from(&home.file(&bytes), Some(sha256(&bytes))).unwrap();
        let said = home.refused(&order);
        assert!(said.starts_with(code), "{code}: {said}");
    }
}

#[test]
fn hostile_names_lead_nowhere() {
    let bytes = archive(&[
        ("/etc/firecracker-evil", b"x"),
        ("../../../escaped/firecracker", SCRIPT),
        ("../../../../../../escaped", b"x"),
    ]);
    let home = Home::pinning("http://unused.invalid/", b"", SCRIPT);
    let order = Order::from(&home.file(&bytes), Some(sha256(&bytes))).unwrap();
    let path = home.install(&order).unwrap().path;
    assert!(path.ends_with("data/runtimes/firecracker-v1.16.1/firecracker"), "{path:?}");
    let names = fs::read_dir(home.directory.path()).unwrap().flatten();
    let mut names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    names.sort();
    assert_eq!(names, ["data", "given"]);
}

#[test]
fn a_link_is_no_executable_and_a_bomb_is_bounded() {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "firecracker", "/bin/sh").unwrap();
    let mut bomb = tar::Header::new_gnu();
    bomb.set_size(65 << 20);
    tar.append_data(&mut bomb, "x/firecracker", std::io::repeat(0).take(65 << 20)).unwrap();
    let bytes = tar.into_inner().unwrap().finish().unwrap();
    let home = Home::pinning("http://unused.invalid/", b"", SCRIPT);
    let order = Order::from(&home.file(&bytes), Some(sha256(&bytes))).unwrap();
    let said = home.refused(&order);
    assert!(said.starts_with("runtime_too_large"), "{said}");
}

#[test]
fn two_at_once_install_one() {
    let home = Home::serving(&official(SCRIPT));
    let install = || home.install(&Order::pinned()).unwrap().changed;
    let changed = std::thread::scope(|scope| {
        let installs = [scope.spawn(install), scope.spawn(install), scope.spawn(install)];
        installs.map(|install| install.join().unwrap())
    });
    assert_eq!(changed.iter().filter(|changed| **changed).count(), 1);
    assert_eq!(home.installed().len(), 1);
}

#[test]
fn what_is_removed_is_gone_and_removing_it_again_changes_nothing() {
    let home = Home::serving(&official(SCRIPT));
    let version = Version::new(1, 16, 1);
    assert!(!home.runtimes.remove(version, &ignore).unwrap());
    home.install(&Order::pinned()).unwrap();
    let listing = home.runtimes.list();
    assert!(listing.pinned.installed && listing.installed[0].used);
    assert!(home.runtimes.remove(version, &ignore).unwrap());
    assert!(!home.runtimes.remove(version, &ignore).unwrap());
    let listing = home.runtimes.list();
    assert!(!listing.pinned.installed && listing.installed.is_empty());
    assert!(!home.directory.path().join("data/runtimes/firecracker-v1.16.1").exists());
}

#[test]
fn what_is_missing_and_what_is_no_file_say_so() {
    let home = Home::pinning("http://unused.invalid/", b"", SCRIPT);
    let missing = home.install(&Order::from("/nonexistent", None).unwrap()).unwrap_err();
    assert_eq!((missing.kind(), missing.code()), (Kind::Host, "io"));
    assert!(home.refused(&Order::from("/dev/zero", None).unwrap()).starts_with("bad_source"));
}
