//! Clients that do not behave: whatever they write, the next request is answered. That no arguments are too strange for
//! a tool is shown beside the tools; that a server may be killed at any time, by scenarios with workspaces.

use super::session::{Session, call, text};
use crate::world::{World, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of a line that nobody should have to keep.
const HUGE: usize = 100 << 20;
/// The most memory that it may cost, in KiB: the longest message, and as much again while buffers grow.
const MAX_GROWTH_KIB: u64 = 40 << 10;
const CALLS: usize = 50;

fn assert_lives(session: &mut Session) {
    let listed = session.request("tools/list", json!({}));
    assert!(listed["result"]["tools"].is_array(), "{listed}");
}

fn peak_kib(session: &Session) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", session.server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused_without_being_kept() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    assert_lives(&mut session);
    let before = peak_kib(&session);
    let mut line = call(json!({"command": "x".repeat(HUGE)})).to_string();
    line.insert_str(1, "\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",");
    session.write_line(line);
    let refused = session.read();
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("16 MiB"), "{refused}");
    assert_lives(&mut session);
    let growth = peak_kib(&session) - before;
    assert!(growth < MAX_GROWTH_KIB, "{growth} KiB");
}

#[test]
fn bytes_that_are_no_text_are_passed_over() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    session.write_line(b"\xff\xfe\x00{}");
    session.write_line(b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"\xc3\x28\"}");
    session.write_line("[".repeat(100_000));
    assert_lives(&mut session);
}

#[test]
fn a_request_without_what_it_needs_is_answered_with_an_error_under_its_id() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let nameless = json!({"arguments": {}});
    let wrong = [
        ("tools/call", Value::Null),
        ("tools/call", json!([])),
        ("tools/call", nameless),
        ("tools/call", json!({"name": 7})),
        ("tools/call", json!({"name": "vm_run", "arguments": "ls"})),
        ("tools/call", json!({"name": "vm_run", "arguments": ["ls"]})),
        ("prompts/get", json!({})),
        ("tools/fly", json!({})),
    ];
    for (id, (method, params)) in (1000..).zip(wrong) {
        let mut request = json!({"jsonrpc": "2.0", "id": id, "method": method});
        if !params.is_null() {
            request["params"] = params;
        }
        session.write(&request);
        let answer = session.read();
        assert_eq!(answer["id"], id, "{request}: {answer}");
        let code = answer["error"]["code"].as_i64().unwrap();
        assert!((-32_700..=-32_600).contains(&code), "{request}: {answer}");
    }
    let empty = session.vm_run(json!({}));
    assert!(text(&empty).contains("code: bad_arguments"), "{empty}");
}

#[test]
fn fifty_calls_at_once_are_each_answered_with_their_own() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let mut asked: BTreeMap<u64, usize> = (0..CALLS)
        .map(|number| {
            let command = json!({"command": format!("echo number $(({number} + 1000))")});
            (session.ask("tools/call", call(command)), number)
        })
        .collect();
    while !asked.is_empty() {
        let answer = session.read();
        let number = asked.remove(&answer["id"].as_u64().unwrap()).unwrap();
        let said = text(&answer["result"]);
        assert!(said.contains(&format!("stdout:\nnumber {}\n", number + 1000)), "{said}");
    }
    until("the machines' end", || world.machines().is_empty());
}
