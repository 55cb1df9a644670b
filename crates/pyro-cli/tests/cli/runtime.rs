//! `pyro runtime`: what users see, and that nothing is half installed whatever happens on the way.
//! A script that says a version stands in for Firecracker.

use crate::world::{Ran, World, ended, send, until};
use rustix::process::Signal;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

const SCRIPT: &str = "#!/bin/sh\necho Firecracker v1.13.0\n";

/// A file that `pyro runtime install` can take, and its digest.
fn stand_in(world: &World) -> (PathBuf, String) {
    let path = world.path("stand-in");
    std::fs::write(&path, SCRIPT).unwrap();
    let digest = Command::new("sha256sum").arg(&path).output().unwrap().stdout;
    (path, String::from_utf8(digest).unwrap()[..64].to_owned())
}

fn install(world: &World, from: &str, digest: &str) -> Command {
    world.command(&["runtime", "install", "--from", from, "--sha256", digest])
}

fn finish(world: &World, mut command: Command) -> Ran {
    world.finish(command.spawn().unwrap())
}

fn runtimes(world: &World) -> PathBuf {
    world.path(".local/share/pyro/runtimes")
}

fn installed(world: &World) -> Vec<String> {
    let listing = world.pyro(&["runtime", "list", "--json"]).json();
    let installed = listing["installed"].as_array().unwrap();
    installed.iter().map(|runtime| runtime["version"].as_str().unwrap().to_owned()).collect()
}

/// Either nothing or the whole program.
fn nothing_is_half_installed(world: &World) {
    if !installed(world).is_empty() {
        let program = runtimes(world).join("firecracker-v1.13.0/firecracker");
        assert_eq!(std::fs::read_to_string(program).unwrap(), SCRIPT);
    }
}

/// Sends the first bytes of the stand-in to everybody, says so, and then nothing any more.
fn stalling_server() -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/firecracker", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut stuck = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n#!/", SCRIPT.len());
            stream.write_all(head.as_bytes()).unwrap();
            stuck.push(stream);
            let _ = tell.send(());
        }
    });
    (url, told)
}

#[test]
fn install_list_and_remove_say_what_they_did() {
    let world = World::new();
    let (file, digest) = stand_in(&world);
    let from = file.display().to_string();
    let ran = finish(&world, install(&world, &from, &digest));
    let place = "$HOME/.local/share/pyro/runtimes/firecracker-v1.13.0/firecracker";
    assert_eq!(ran.stdout(), format!("Firecracker v1.13.0 is installed: {place}\n"), "{ran}");
    let ran = finish(&world, install(&world, &from, &digest));
    assert_eq!(ran.stdout(), format!("Firecracker v1.13.0 is already installed: {place}\n"));
    let listing = world.pyro(&["runtime", "list"]).stdout();
    let rows: Vec<Vec<&str>> =
        listing.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..3], ["1.16.1", "no", "no"], "{listing}");
    assert_eq!(rows[2], ["1.13.0", "yes", "yes", "35", "B", place], "{listing}");
    let doctor = world.pyro(&["doctor", "--json"]).json();
    assert_eq!(doctor["firecracker"]["version"], "1.13.0");
    assert_eq!(
        world.pyro(&["runtime", "remove", "1.13.0"]).stdout(),
        "removed Firecracker v1.13.0\n"
    );
    let again = world.pyro(&["runtime", "remove", "v1.13.0", "--json"]);
    assert_eq!((again.code(), &again.json()["removed"]), (0, &false.into()));
    assert_eq!(installed(&world), [""; 0]);
}

#[test]
fn what_is_wrong_with_the_words_is_code_2_and_with_the_bytes_1() {
    let world = World::new();
    let (file, digest) = stand_in(&world);
    let from = file.display().to_string();
    let refused = |words: &[&str]| {
        let ran = world.pyro(&[&["runtime"], words, &["--json"]].concat());
        (ran.code(), ran.json()["code"].as_str().unwrap().to_owned())
    };
    let install = |from, digest| refused(&["install", "--from", from, "--sha256", digest]);
    assert_eq!(install("ftp://h/f", &digest), (2, "bad_source".into()));
    assert_eq!(install(&from, "short"), (2, "bad_digest".into()));
    assert_eq!(install(&from, &"0".repeat(64)), (1, "digest_mismatch".into()));
    assert_eq!(refused(&["install", "--from", &from]), (1, "digest_mismatch".into()));
    assert_eq!(refused(&["remove", "latest"]), (2, "usage".into()));
    assert_eq!(refused(&["install", "--sha256", &digest]), (2, "usage".into()));
    assert_eq!(installed(&world), [""; 0]);
}

#[test]
fn killed_in_the_download_it_leaves_nothing_that_counts() {
    let world = World::new();
    let (url, told) = stalling_server();
    let (file, digest) = stand_in(&world);
    for (signal, code) in
        [(Signal::KILL, None), (Signal::INT, Some(130)), (Signal::TERM, Some(143))]
    {
        let mut child = install(&world, &url, &digest).spawn().unwrap();
        told.recv().unwrap();
        until("the first bytes", || runtimes(&world).join("installing/obtained").exists());
        send(&child, signal);
        assert_eq!(ended(&mut child).0.code(), code);
        assert_eq!(installed(&world), [""; 0]);
    }
    let ran = finish(&world, install(&world, &file.display().to_string(), &digest));
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(!runtimes(&world).join("installing").exists());
}

/// The same command, started by another program.
fn through(program: &[&str], command: &Command) -> Command {
    let mut through = Command::new(program[0]);
    through.args(&program[1..]).arg(command.get_program()).args(command.get_args()).env_clear();
    through.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    through.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    through
}

#[test]
fn killed_at_any_step_it_leaves_nothing_half_installed() {
    for call in ["mkdir", "chmod", "fsync", "rename", "unlinkat"] {
        for time in 1.. {
            let world = World::new();
            let (file, digest) = stand_in(&world);
            let plain = install(&world, &file.display().to_string(), &digest);
            let inject = format!("inject={call}:signal=KILL:when={time}");
            let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject];
            let survived = finish(&world, through(&strace, &plain)).status.success();
            nothing_is_half_installed(&world);
            let ran = finish(&world, plain);
            assert_eq!((ran.code(), installed(&world)), (0, vec!["1.13.0".to_owned()]), "{ran}");
            assert!(!runtimes(&world).join("installing").exists(), "{call} {time}");
            if survived {
                assert!(time > 1, "{call} is never reached");
                break;
            }
        }
    }
}

#[test]
fn a_disk_that_takes_no_more_is_an_error_and_leaves_nothing() {
    let world = World::new();
    let large = world.path("large");
    std::fs::write(&large, vec![b'x'; 1 << 20]).unwrap();
    let plain = install(&world, &large.display().to_string(), &"0".repeat(64));
    let limit = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let ran = finish(&world, through(&["/bin/sh", "-c", limit, "sh"], &plain));
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(ran.stderr().contains("cannot write"), "{ran}");
    assert!(!runtimes(&world).join("installing").exists());
    assert_eq!(installed(&world), [""; 0]);
}

#[test]
fn two_processes_at_once_install_one() {
    let world = World::new();
    let (file, digest) = stand_in(&world);
    let start = || {
        let mut command = install(&world, &file.display().to_string(), &digest);
        command.arg("--json").spawn().unwrap()
    };
    let changed: Vec<bool> = [start(), start(), start()]
        .map(|child| world.finish(child).json()["changed"].as_bool().unwrap())
        .to_vec();
    assert_eq!(changed.iter().filter(|changed| **changed).count(), 1, "{changed:?}");
}
