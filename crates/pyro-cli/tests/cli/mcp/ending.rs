//! The end of the server, whenever and however it comes: exit code 0, at once, and no machine left.
//! Hosts kill a server 20 to 500 ms after they have asked it to end.

use super::session::{Session, call, initialize};
use crate::world::{PidFile, World, ended, is_running, send, until};
use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;

const AT_ONCE: Duration = Duration::from_millis(500);

fn assert_ends(mut session: Session, how: &str) {
    let (status, took) = ended(&mut session.server);
    assert_eq!(status.code(), Some(0), "{how}");
    assert!(took < AT_ONCE, "{how}: {took:?}");
}

type Begin = fn(&World) -> Session;

/// Every stage at which a host may leave.
const STAGES: [(&str, Begin); 5] = [
    ("before the first word", |world| Session::silent(world, &[])),
    ("after garbage", |world| {
        let mut session = Session::silent(world, &[]);
        session.write_line("garbage");
        session
    }),
    ("after server/discover", |world| {
        let mut session = Session::stateless(world);
        session.request("server/discover", json!({}));
        session
    }),
    ("in the middle of the handshake", |world| {
        let mut session = Session::silent(world, &[]);
        session.request("initialize", initialize("2025-06-18"));
        session
    }),
    ("in a session", |world| Session::begin(world, "2025-11-25")),
];

#[test]
fn end_of_input_at_every_stage() {
    let world = World::new();
    for (stage, session) in STAGES {
        let mut session = session(&world);
        session.close_stdin();
        assert_ends(session, stage);
    }
}

#[test]
fn signals_at_every_stage() {
    let world = World::new();
    for (stage, begin) in STAGES {
        for signal in [Signal::TERM, Signal::INT] {
            let mut session = begin(&world);
            // A server that has answered nothing yet may not even listen for signals.
            std::thread::sleep(Duration::from_millis(if stage == STAGES[0].0 { 300 } else { 30 }));
            send(&session.server, signal);
            assert!(session.is_silent(Duration::ZERO), "{stage}");
            assert_ends(session, stage);
        }
    }
}

fn with_a_command(end: impl FnOnce(&mut Session), how: &str) {
    let world = World::new();
    let file = PidFile::of(&world);
    let mut session = Session::begin(&world, "2025-11-25");
    let command = format!("{}; sleep 60", file.note());
    session.ask("tools/call", call(json!({"command": command, "timeout_seconds": 60})));
    let pid = file.wait();
    end(&mut session);
    assert_ends(session, how);
    until("the command's end", || !is_running(pid));
    until("the machine's end", || world.machines().is_empty());
}

#[test]
fn end_of_input_during_a_call_ends_its_command() {
    with_a_command(Session::close_stdin, "end of input");
}

#[test]
fn a_signal_during_a_call_ends_its_command() {
    with_a_command(|session| send(&session.server, Signal::TERM), "SIGTERM");
    with_a_command(|session| send(&session.server, Signal::INT), "SIGINT");
}

#[test]
fn answers_that_are_ready_still_go_out() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let id = session.ask("tools/list", json!({}));
    session.close_stdin();
    assert_eq!(session.read()["id"], id);
    assert_ends(session, "end of input");
}
