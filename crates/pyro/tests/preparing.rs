//! How an environment is prepared when things go wrong or happen twice. The host's programs are
//! replaced by small scripts on a private search path; the archive itself is the business of
//! `debian.rs`. The scripts for apt refuse, so every pull here ends at the kernel, after the image.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

use pyro::config::Config;
use pyro::environment::Environments;
use pyro::environment::pins::Pins;
use pyro::event::{Event, ignore};
use pyro::{Error, Kind};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const STATUS: &str =
    "Package: git\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
const OS_RELEASE: &str = "ID=debian\nVERSION_CODENAME=bookworm\n";
/// A well-behaved tool: says what it does, prints the tree.
const BUILD: &str = "echo run >>$HOME_DIR/runs; echo 'I: automatically chosen mode: root' >&2
echo '0 upgraded, 1 newly installed, 0 to remove and 0 not upgraded.' >&2
echo 'Setting up git (1) ...' >&2; sleep 0.3; cat $HOME_DIR/tree.tar";
const NOTHING: [PathBuf; 0] = [];

/// A home directory with tools of our own.
struct Host {
    home: tempfile::TempDir,
}

impl Host {
    fn new(build: &str) -> Self {
        let host = Self { home: tempfile::tempdir().unwrap() };
        fs::create_dir(host.path("bin")).unwrap();
        host.tree(OS_RELEASE);
        host.mmdebstrap(build);
        host.program("apt-get", "test \"$1\" = indextargets || exit 100");
        host.program("apt-cache", "exit 100");
        host.program("apt-config", "exit 0");
        host.program("fakechroot", "exit 1");
        host.program("fakeroot", "exit 1");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let file = self.path("bin").join(name);
        let home = self.home.path().display();
        fs::write(&file, format!("#!/bin/sh\nHOME_DIR={home}\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn mmdebstrap(&self, build: &str) {
        let version = "test \"$1\" = --version && echo fake 1 && exit";
        let scratch = "echo $TMPDIR >>$HOME_DIR/scratch";
        self.program("mmdebstrap", &format!("{version}\n{scratch}\n{build}"));
    }

    fn tree(&self, os_release: &str) {
        let mut tar = tar::Builder::new(fs::File::create(self.path("tree.tar")).unwrap());
        for (name, text) in [
            ("usr/lib/os-release", os_release),
            ("var/lib/dpkg/status", STATUS),
            ("etc/apt/sources.list", "deb http://mirror.example/ bookworm main\n"),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_uid(0);
            header.set_gid(0);
            header.set_mtime(0);
            tar.append_data(&mut header, format!("./{name}"), text.as_bytes()).unwrap();
        }
        tar.finish().unwrap();
    }

    fn environments(&self) -> Environments {
        environments(self.home.path())
    }

    fn pull(&self) -> Error {
        self.environments().pull("debian:12", &ignore).unwrap_err()
    }

    /// Pulls, up to the kernel that the scripts refuse.
    fn pull_image(&self) {
        let error = self.pull().to_string();
        assert!(error.starts_with("apt-get failed"), "{error}");
        assert!(self.image_is_installed());
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.path("runs")).unwrap_or_default().lines().count()
    }

    /// Build directories in the cache, and the scratch directories that the tool was given.
    fn building(&self) -> Vec<PathBuf> {
        let listed = fs::read_dir(self.path("cache/building")).into_iter().flatten().flatten();
        let scratch = fs::read_to_string(self.path("scratch")).unwrap_or_default();
        let scratch = scratch.lines().map(PathBuf::from).filter(|path| path.exists());
        listed.map(|entry| entry.path()).chain(scratch).collect()
    }

    fn image_is_installed(&self) -> bool {
        self.environments().list().unwrap().environments.iter().any(|entry| entry.installed)
    }
}

fn environments(home: &Path) -> Environments {
    Environments::new(config(home))
}

fn config(home: &Path) -> Config {
    let path = format!("{}:/usr/bin:/bin", home.join("bin").display());
    let config = Config::from_lookup(std::env::current_exe().unwrap(), |name| match name {
        "PYRO_HOME" => Some(home.into()),
        "PATH" => Some(path.clone().into()),
        _ => None,
    });
    config.unwrap()
}

#[test]
fn two_at_once_build_once_and_the_second_says_that_it_waits() {
    let host = Host::new(BUILD);
    let heard = Mutex::new(Vec::new());
    let observer = |event: Event| heard.lock().unwrap().push(event);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| host.environments().pull("debian:12", &observer).unwrap_err());
        }
    });
    assert_eq!(host.runs(), 1);
    assert!(host.image_is_installed());
    assert_eq!(host.building(), NOTHING);
    let heard = format!("{:?}", heard.lock().unwrap());
    assert!(heard.contains("another pyro is preparing debian:12; waiting"), "{heard}");
    assert!(heard.contains("installing the packages of debian:12"), "{heard}");
}

/// A registry that has nothing.
fn empty_registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.read(&mut [0; 4096]);
            let nothing = b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = client.write_all(nothing);
        }
    });
    host
}

#[test]
fn what_the_registry_of_the_catalog_has_not_is_built_and_the_record_remembers_that() {
    let host = Host::new(BUILD);
    let registry = empty_registry();
    let mut config = config(host.home.path());
    config.registries.catalog = Some(registry.clone());
    config.registries.plain_http = vec![registry.clone()];
    let environments = Environments::new(config);
    let error = environments.pull("debian:12", &ignore).unwrap_err().to_string();
    assert!(error.starts_with("apt-get failed"), "{error}");
    let inspected = environments.inspect("debian:12").unwrap();
    assert_eq!(inspected.entry.source, "debian-archive:bookworm");
    assert_eq!(inspected.passed_over, [format!("{registry} has no debian:12")]);
}

#[test]
fn the_end_of_what_the_tool_said_is_in_the_error_and_nothing_is_left() {
    let host =
        Host::new("echo 'dpkg: error processing package git' >&2; echo 'E: no' >&2; exit 25");
    let error = host.pull();
    assert_eq!((error.kind(), error.code()), (Kind::Host, "host_tool_failed"));
    let text = error.to_string();
    assert!(text.contains("exit status: 25"), "{text}");
    assert!(text.contains("dpkg: error processing package git; E: no"), "{text}");
    assert_eq!(host.building(), NOTHING);
    assert!(!host.image_is_installed());
}

#[test]
fn a_tool_that_dies_in_the_middle_of_the_stream_is_the_cause_that_is_named() {
    let host = Host::new("head -c 700 $HOME_DIR/tree.tar; kill -9 $$");
    let error = host.pull();
    assert_eq!(error.code(), "host_tool_failed");
    assert!(error.to_string().contains("signal: 9"), "{error}");
    assert!(!host.image_is_installed());
}

#[test]
fn another_distribution_is_refused() {
    let host = Host::new(BUILD);
    host.tree("ID=ubuntu\nVERSION_CODENAME=noble\n");
    assert_eq!(host.pull().code(), "wrong_system");
    assert!(!host.image_is_installed());
}

#[test]
fn a_corrupt_record_is_reported_and_made_anew() {
    let host = Host::new(BUILD);
    host.pull_image();
    let record = host.path("cache/environments/debian:12.json");
    let text = fs::read_to_string(&record).unwrap();
    fs::write(&record, &text[..text.len() / 2]).unwrap();
    let entry = host.environments().list().unwrap().environments.swap_remove(0);
    assert!(!entry.installed);
    assert!(entry.problem.unwrap().contains("debian:12.json"));
    let heard = Mutex::new(Vec::new());
    let observer = |event: Event| heard.lock().unwrap().push(event);
    host.environments().pull("debian:12", &observer).unwrap_err();
    let heard = heard.into_inner().unwrap();
    assert!(heard.iter().any(|e| matches!(e, Event::Warning(text) if text.contains("made anew"))));
    assert_eq!(host.runs(), 2);
    assert!(host.image_is_installed());
}

#[test]
fn the_same_packages_give_the_same_image() {
    let digests = [Host::new(BUILD), Host::new(BUILD)].map(|host| {
        host.pull_image();
        host.environments().inspect("debian:12").unwrap().entry.digest.unwrap()
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn prune_keeps_what_machines_pin_and_removes_the_rest() {
    let host = Host::new(BUILD);
    host.pull_image();
    let inspection = host.environments().inspect("debian:12").unwrap();
    let image = inspection.image.unwrap();
    assert_eq!(image.metadata().unwrap().permissions().mode() & 0o777, 0o444);
    assert_eq!(host.environments().prune().unwrap().removed, NOTHING);

    fs::remove_file(host.path("cache/environments/debian:12.json")).unwrap();
    let (vm, machine) = (host.path("state/vms/v1"), host.path("state/machines/m1"));
    let images = vec![inspection.entry.digest.unwrap()];
    let pins = Pins { images, ..Pins::default() };
    fs::create_dir_all(&vm).unwrap();
    pins.write(&vm).unwrap();
    assert_eq!(host.environments().prune().unwrap().removed, NOTHING);
    fs::remove_dir_all(&vm).unwrap();
    fs::create_dir_all(&machine).unwrap();
    pins.write(&machine).unwrap();
    assert_eq!(host.environments().prune().unwrap().removed, NOTHING);

    fs::write(machine.join("pins.json"), "{").unwrap();
    assert_eq!(host.environments().prune().unwrap_err().code(), "pins_unreadable");
    assert!(image.exists());

    fs::remove_dir_all(&machine).unwrap();
    let pruned = host.environments().prune().unwrap();
    assert_eq!(pruned.removed, [image]);
    assert!(pruned.freed_bytes > 0);
}

#[test]
fn prune_removes_records_that_cannot_be_read_and_says_why() {
    let host = Host::new(BUILD);
    host.pull_image();
    let record = |name| host.path("cache/environments").join(name);
    fs::write(record("debian:12-base.json"), "{").unwrap();
    let pruned = host.environments().prune().unwrap();
    assert_eq!(pruned.removed, [record("debian:12-base.json")]);
    let [corrupt] = &pruned.corrupt_records[..] else { panic!("{pruned:?}") };
    assert_eq!(corrupt.path, pruned.removed[0]);
    assert!(corrupt.reason.contains("EOF"), "{corrupt:?}");
    assert!(host.image_is_installed());
    let listing = host.environments().list().unwrap();
    assert!(listing.environments.iter().all(|entry| entry.problem.is_none()), "{listing:?}");
}

/// Names the home directory to the process that is to be killed.
const VICTIM: &str = "PREPARING_TEST_VICTIM";

/// The test starts itself as another process, which it kills in the middle of a build.
#[test]
fn a_killed_pyro_takes_its_tools_along_and_the_next_one_sweeps() {
    if let Some(home) = std::env::var_os(VICTIM) {
        let _ = environments(Path::new(&home)).pull("debian:12", &ignore);
        return;
    }
    let host = Host::new(
        "touch $TMPDIR/unpacked; echo $$ >$HOME_DIR/pid.new; mv $HOME_DIR/pid.new $HOME_DIR/pid
        sleep 60",
    );
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_pyro_takes_its_tools_along_and_the_next_one_sweeps"])
        .env(VICTIM, host.home.path())
        .spawn()
        .unwrap();
    until("the tool runs", || host.path("pid").exists());
    let left = host.building();
    assert_eq!(left.len(), 2, "{left:?}");
    victim.kill().unwrap();
    victim.wait().unwrap();
    let pid = fs::read_to_string(host.path("pid")).unwrap();
    let tool = Path::new("/proc").join(pid.trim());
    until("the tool is gone", || !tool.exists());

    host.mmdebstrap(BUILD);
    host.pull_image();
    assert!(host.image_is_installed());
    assert!(left.iter().all(|path| !path.exists()), "{left:?}");
    assert_eq!(host.building(), NOTHING);
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
