//! `vm_run`: its answers, its refusals, its progress, and its end when the client cancels.

use super::session::{Session, call, text};
use crate::world::{PidFile, World, is_running, until};
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

fn answer(arguments: serde_json::Value) -> (bool, String) {
    let world = World::new();
    let result = Session::begin(&world, "2025-11-25").vm_run(arguments);
    assert_eq!(world.machines(), [""; 0]);
    (result["isError"] == true, text(&result).to_owned())
}

#[test]
fn a_failing_command_is_an_answer_and_no_error() {
    let (is_error, text) = answer(json!({"command": "echo out; echo err >&2; exit 3"}));
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("duration_ms") && !line.starts_with("note"))
        .collect();
    assert_snapshot!(lines.join("\n"), @r"
exit_code: 3
isolation: none (jail: none)
environment: host 
stdout:
out
stderr:
err
");
    assert!(!is_error, "{text}");
}

#[test]
fn a_timeout_says_how_to_have_more_time() {
    let (is_error, text) = answer(json!({"command": "sleep 60", "timeout_seconds": 1}));
    assert!(!is_error && text.starts_with("exit_code: 124\n"), "{text}");
    assert!(text.contains("note: killed after 1 s; a larger timeout_seconds"), "{text}");
}

#[test]
fn long_output_is_cut_in_the_middle_and_counted() {
    let (_, text) = answer(json!({"command": "echo begin; seq 100000; echo end"}));
    assert!((20_000..=24_000).contains(&text.chars().count()), "{}", text.chars().count());
    assert!(text.contains("stdout:\nbegin\n1\n") && text.contains("\n100000\nend\n"), "{text}");
    assert!(text.contains("characters left out; run it again with the output filtered"), "{text}");
}

#[test]
fn wrong_arguments_are_answered_to_the_model_with_the_next_step() {
    let (is_error, text) = answer(json!({"cmd": "ls"}));
    assert!(is_error);
    assert_snapshot!(text, @r"
error: the arguments do not fit: unknown field `cmd`, expected one of `environment`, `command`, `vcpu_count`, `mem_mib`, `timeout_seconds`, `ttl_seconds`, `network`, `allow_host_compat`
code: bad_arguments
next: correct the arguments after the tool's schema
");
    let (is_error, text) = answer(json!({"command": "ls", "mem_mib": "much"}));
    assert!(is_error && text.contains("invalid type"), "{text}");
}

#[test]
fn refusals_name_the_next_step() {
    let (is_error, text) = answer(json!({"command": "ls", "vcpu_count": 1000}));
    assert!(is_error);
    assert_snapshot!(text, @r"
error: vcpu_count is 1000, which is not between 1 and 64
code: out_of_range
next: choose vcpu_count between 1 and 64
");
    let world = World::new();
    let mut session = Session::silent(&world, &[]);
    session.request("initialize", super::session::initialize("2025-11-25"));
    let result = session.vm_run(json!({"command": "ls"}));
    assert_eq!(result["isError"], true);
    assert_snapshot!(text_of(&result), @r"
error: this server does not run commands on the host
code: host_compat_denied
next: leave out allow_host_compat; only the human can allow it, by starting the server with --allow-host-compat
");
}

fn text_of(result: &serde_json::Value) -> String {
    text(result).to_owned()
}

#[test]
fn a_client_that_asks_for_progress_gets_it_growing() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let mut params = call(json!({"command": "sleep 4.5"}));
    params["_meta"] = json!({"progressToken": "t-1"});
    let id = session.ask("tools/call", params);
    let mut last = 0.0;
    let mut notifications = 0;
    loop {
        let message = session.read();
        if message["id"] == id {
            assert!(message["result"].is_object(), "{message}");
            break;
        }
        assert_eq!(message["method"], "notifications/progress", "{message}");
        assert_eq!(message["params"]["progressToken"], "t-1", "{message}");
        let progress = message["params"]["progress"].as_f64().unwrap();
        assert!(progress > last, "{message}");
        last = progress;
        notifications += 1;
    }
    assert!(notifications >= 2, "{notifications}");
}

#[test]
fn a_cancelled_call_is_not_answered_its_command_ends_and_the_server_lives_on() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let file = PidFile::of(&world);
    let command = format!("{}; sleep 60", file.note());
    let id = session.ask("tools/call", call(json!({"command": command, "timeout_seconds": 60})));
    let pid = file.wait();
    let params = json!({"requestId": id, "reason": "enough"});
    let method = "notifications/cancelled";
    session.write(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    until("the command's end", || !is_running(pid));
    assert!(session.is_silent(Duration::from_millis(200)));
    assert!(session.request("tools/list", json!({}))["result"]["tools"].is_array());
    until("the machine's end", || world.machines().is_empty());
}
