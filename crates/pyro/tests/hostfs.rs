//! Host paths that a model may name, and the many that it may not.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use pyro::error::Diagnose;
use pyro::hostfs::{HostPathError, HostRoots, Opened, Target};
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

const FLAG: &str = "--seed-root";

/// A home directory with a project that is open to the model, and what must not be reached from it.
struct Home {
    directory: tempfile::TempDir,
    roots: HostRoots,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in [".ssh", "project/src", "project/.ssh", "project-two", "project/.docker"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        for name in [".ssh/id_rsa", "secret", "project-two/secret"] {
            fs::write(path(name), "SECRET").unwrap();
        }
        for name in [".env", ".ssh/config", "tls.pem", ".docker/config.json", ".npmrc"] {
            fs::write(path("project").join(name), "SECRET").unwrap();
        }
        for name in ["data.tar", "src/main.rs", ".env.example"] {
            fs::write(path("project").join(name), "fine").unwrap();
        }
        symlink(path("secret"), path("project/link.tar")).unwrap();
        symlink(directory.path(), path("project/up")).unwrap();
        symlink("src", path("project/inner")).unwrap();
        symlink("/proc/self/root", path("project/magic")).unwrap();
        let fifo = Command::new("mkfifo").arg(path("project/fifo.tar")).status().unwrap();
        assert!(fifo.success());
        let roots = HostRoots::open(FLAG, &[path("project")], Some(directory.path())).unwrap();
        Self { directory, roots }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Resolves with a deadline: nothing that a path leads to may make it wait.
fn resolve(roots: &HostRoots, path: &Path) -> Result<Opened, HostPathError> {
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(move || tell.send(roots.resolve_seed(path)).unwrap());
        told.recv_timeout(Duration::from_secs(10)).unwrap()
    })
}

fn content(opened: Opened) -> String {
    let mut text = String::new();
    match opened.target {
        Target::File(mut file) => file.read_to_string(&mut text).unwrap(),
        Target::Directory(_) => panic!("it is a directory"),
    };
    text
}

#[test]
fn what_lies_beneath_a_root_is_opened_however_it_is_spelled() {
    let home = Home::new();
    let top = home.path("project");
    let top = top.to_str().unwrap();
    for spelled in ["", "/", "/src", "//src//", "/./src/.", "/src/"] {
        let opened = resolve(&home.roots, format!("{top}{spelled}").as_ref()).unwrap();
        assert!(matches!(opened.target, Target::Directory(_)), "{spelled}");
    }
    for spelled in ["/data.tar", "//data.tar", "/src/main.rs", "/.env.example"] {
        let opened = resolve(&home.roots, format!("{top}{spelled}").as_ref()).unwrap();
        assert_eq!(content(opened), "fine", "{spelled}");
    }
    for relative in ["data.tar", "./data.tar", "src/main.rs"] {
        assert_eq!(content(resolve(&home.roots, relative.as_ref()).unwrap()), "fine");
    }
    let missing = resolve(&home.roots, "none.tar".as_ref()).unwrap_err();
    assert_eq!(missing.code(), "seed_not_found");
}

#[test]
fn everything_else_is_denied_with_the_flag_that_a_human_would_add() {
    let home = Home::new();
    let inside = |name: &str| home.path("project").join(name).to_str().unwrap().to_owned();
    let outside = |name: &str| home.path(name).to_str().unwrap().to_owned();
    let paths = [
        outside(".ssh"),
        outside(".ssh/id_rsa"),
        outside("secret"),
        outside(""),
        outside("project-two"),
        outside("project-two/secret"),
        outside("does-not-exist"),
        "/".into(),
        "/proc/self/environ".into(),
        "/proc/1/root".into(),
        "/proc/1/root/etc/passwd".into(),
        "/proc/self/cwd".into(),
        "/dev/zero".into(),
        "/dev/stdin".into(),
        "/etc/passwd".into(),
        "..".into(),
        "../secret".into(),
        "src/../../secret".into(),
        "src/..".into(),
        "~/.ssh".into(),
        inside("../secret"),
        inside("src/../../secret"),
        inside("link.tar"),
        inside("up"),
        inside("up/secret"),
        inside("inner"),
        inside("inner/main.rs"),
        inside("magic/etc/passwd"),
        inside("fifo.tar"),
        inside("data.tar/"),
        inside("data.tar/x"),
        inside(".env"),
        inside(".ssh"),
        inside(".ssh/config"),
        inside("tls.pem"),
        inside(".docker/config.json"),
        inside(".npmrc"),
    ];
    for path in paths {
        let error = resolve(&home.roots, path.as_ref()).unwrap_err();
        assert_eq!(error.code(), "host_path_denied", "{path}: {error}");
        assert!(error.hints()[0].contains(FLAG), "{path}");
    }
}

#[test]
fn without_roots_nothing_is_opened() {
    let roots = HostRoots::open(FLAG, &[], None).unwrap();
    for path in ["/etc", ".", "x"] {
        let error = resolve(&roots, path.as_ref()).unwrap_err();
        assert_eq!(error.code(), "host_path_denied");
        assert!(error.hints()[0].contains(FLAG));
    }
}

#[test]
fn a_root_stays_what_it_was_when_something_else_takes_its_place() {
    let home = Home::new();
    fs::rename(home.path("project"), home.path("moved")).unwrap();
    fs::create_dir(home.path("project")).unwrap();
    fs::write(home.path("project/data.tar"), "SECRET").unwrap();
    let data = home.path("project/data.tar");
    assert_eq!(content(resolve(&home.roots, &data).unwrap()), "fine");
    fs::remove_dir_all(home.path("project")).unwrap();
    symlink(home.path("project-two"), home.path("project")).unwrap();
    assert_eq!(content(resolve(&home.roots, &data).unwrap()), "fine");
    let secret = resolve(&home.roots, &home.path("project/secret")).unwrap_err();
    assert_eq!(secret.code(), "seed_not_found");
}

#[test]
fn what_was_opened_stays_what_it_was_when_its_name_is_given_to_something_else() {
    let home = Home::new();
    let opened = resolve(&home.roots, "data.tar".as_ref()).unwrap();
    fs::remove_file(home.path("project/data.tar")).unwrap();
    symlink(home.path("secret"), home.path("project/data.tar")).unwrap();
    assert_eq!(content(opened), "fine");
}

#[test]
fn roots_that_would_open_everything_are_refused() {
    let home = Home::new();
    let link = home.path("project/home-link");
    symlink(home.directory.path(), &link).unwrap();
    let above = home.directory.path().parent().unwrap().to_owned();
    for wide in [home.path(""), above, "/".into(), link, "/proc/self/root".into()] {
        let roots = HostRoots::open(FLAG, std::slice::from_ref(&wide), Some(home.directory.path()));
        let error = roots.unwrap_err();
        assert_eq!(error.code(), "root_too_wide", "{}: {error}", wide.display());
        assert!(error.to_string().contains(FLAG));
    }
    let file = HostRoots::open(FLAG, &[home.path("secret")], None).unwrap_err();
    assert_eq!(file.code(), "io");
}

#[test]
fn a_root_that_is_reached_through_a_link_is_known_by_both_names() {
    let home = Home::new();
    let link = home.path("shortcut");
    symlink(home.path("project"), &link).unwrap();
    let roots = HostRoots::open(FLAG, std::slice::from_ref(&link), None).unwrap();
    for path in
        [link.join("data.tar"), home.path("project").canonicalize().unwrap().join("data.tar")]
    {
        assert_eq!(content(resolve(&roots, &path).unwrap()), "fine");
    }
}
