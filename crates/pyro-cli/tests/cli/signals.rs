//! Ctrl-C and the polite signals while a command runs.

use crate::world::{PidFile, World, ended, is_running, send, until};
use rustix::process::Signal;
use std::process::Child;
use std::time::Duration;

/// Starts a command that notes its process id after `trap`s are set, and waits for that.
fn start(world: &World, traps: &str) -> (Child, i32) {
    let file = PidFile::of(world);
    let script = format!("{traps} {}; while :; do sleep 0.05; done", file.note());
    let words = ["run", "debian:12", "--allow-host-compat", "--", "sh", "-c", script.as_str()];
    let child = world.command(&words).spawn().unwrap();
    (child, file.wait())
}

#[test]
fn the_first_ctrl_c_is_the_commands() {
    let world = World::new();
    let (mut child, pid) = start(&world, "trap 'exit 9' INT;");
    send(&child, Signal::INT);
    let (status, _) = ended(&mut child);
    assert_eq!((status.code(), is_running(pid)), (Some(9), false));
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn the_second_ctrl_c_ends_the_machine() {
    let world = World::new();
    let (mut child, pid) = start(&world, "trap '' INT;");
    send(&child, Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    assert!(is_running(pid) && child.try_wait().unwrap().is_none());
    send(&child, Signal::INT);
    let (status, took) = ended(&mut child);
    assert_eq!(status.code(), Some(130));
    assert!(took < Duration::from_secs(3), "{took:?}");
    until("the command's end", || !is_running(pid));
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn a_command_that_ignores_sigterm_has_two_seconds() {
    let world = World::new();
    let (mut child, pid) = start(&world, "trap '' TERM;");
    send(&child, Signal::TERM);
    let (status, took) = ended(&mut child);
    assert_eq!(status.code(), Some(143));
    assert!((1500..5000).contains(&took.as_millis()), "{took:?}");
    until("the command's end", || !is_running(pid));
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn sigkill_leaves_no_command_behind() {
    let world = World::new();
    let (mut child, pid) = start(&world, "");
    send(&child, Signal::KILL);
    let _ = ended(&mut child);
    until("the command's end", || !is_running(pid));
}

#[test]
fn with_json_ctrl_c_is_an_error_object() {
    let world = World::new();
    let file = PidFile::of(&world);
    let script = format!("{}; sleep 60", file.note());
    let run = ["run", "debian:12", "--allow-host-compat", "--json", "--", "sh", "-c", &script];
    let child = world.command(&run).spawn().unwrap();
    let pid = file.wait();
    send(&child, Signal::INT);
    let ran = world.finish(child);
    assert_eq!((ran.code(), ran.json()["code"].as_str()), (130, Some("interrupted")), "{ran}");
    until("the command's end", || !is_running(pid));
}
