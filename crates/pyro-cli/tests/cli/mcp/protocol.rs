//! Both eras of the protocol, and what does not belong to it.

use super::session::{STATELESS, Session, initialize, text};
use crate::world::World;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::time::Duration;

#[test]
fn every_handshake_that_hosts_use_today() {
    let world = World::new();
    for version in ["2025-11-25", "2025-06-18", "2024-11-05"] {
        let mut session = Session::begin(&world, version);
        let result = session.vm_run(json!({"command": "echo hello"}));
        assert!(text(&result).contains("stdout:\nhello\n"), "{version}: {result}");
    }
}

#[test]
fn a_handshake_for_an_unknown_version_is_answered_with_a_known_one() {
    let world = World::new();
    let mut session = Session::silent(&world, &[]);
    let hello = session.request("initialize", initialize("2099-01-01"));
    assert_eq!(hello["result"]["protocolVersion"], "2025-11-25", "{hello}");
}

#[test]
fn the_stateless_era_needs_no_handshake() {
    let world = World::new();
    let mut session = Session::stateless(&world);
    let discovered = session.request("server/discover", json!({}));
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!(STATELESS)), "{discovered}");
    let listed = session.request("tools/list", json!({}));
    assert_eq!(listed["result"]["resultType"], "complete", "{listed}");
    assert!(listed["result"]["ttlMs"].as_u64().unwrap() > 0, "{listed}");
    let result = session.vm_run(json!({"command": "echo hello"}));
    assert!(text(&result).contains("stdout:\nhello\n"), "{result}");
}

#[test]
fn a_call_can_be_the_first_thing_a_stateless_client_says() {
    let world = World::new();
    let result = Session::stateless(&world).vm_run(json!({"command": "exit 4"}));
    assert!(text(&result).starts_with("exit_code: 4\n"), "{result}");
}

#[test]
fn the_instructions_route_the_model_in_their_first_sentence() {
    let world = World::new();
    let hello = Session::silent(&world, &[]).request("initialize", initialize("2025-11-25"));
    let instructions = hello["result"]["instructions"].as_str().unwrap();
    let first = instructions.split(". ").next().unwrap();
    for word in ["Run", "command", "disposable", "virtual machine", "isolated", "vm_run"] {
        assert!(first.contains(word), "{word}: {first}");
    }
    assert!(instructions.chars().count() < 4096);
}

#[test]
fn the_tools_as_a_model_sees_them() {
    let world = World::new();
    let listed = Session::begin(&world, "2025-11-25").request("tools/list", json!({}));
    let tools = &listed["result"]["tools"];
    assert!(!tools.to_string().contains("\"format\""), "{tools}");
    assert_snapshot!(serde_json::to_string_pretty(tools).unwrap(), @r#"
[
  {
    "annotations": {
      "destructiveHint": false,
      "idempotentHint": false,
      "openWorldHint": true,
      "readOnlyHint": false
    },
    "description": "Run one shell command in a fresh, disposable Linux virtual machine, isolated from the user's computer, and return stdout, stderr and the exit code. The machine is deleted afterwards; nothing is kept between calls. Runs as root with /bin/sh -lc; no files of the user's computer. Text output beyond 24,000 characters is cut in the middle. The first call for an environment may answer `state: preparing`: call again with the same arguments to continue.",
    "inputSchema": {
      "additionalProperties": false,
      "properties": {
        "allow_host_compat": {
          "default": false,
          "description": "Where no machine can boot, run the command on the user's computer without any isolation.\nDefault false; refused unless the human allowed it when starting the server.",
          "type": "boolean"
        },
        "command": {
          "description": "One string for /bin/sh -lc. Carry files and scripts in it, for example as a here document.",
          "type": "string"
        },
        "environment": {
          "default": "debian:12",
          "description": "What to boot: debian:12 (with git), debian:12-base (minimal), debian:12-build (git, C and\nC++ build tools), or a container image such as python:3.12. Default debian:12.",
          "type": "string"
        },
        "mem_mib": {
          "default": 1024,
          "description": "Memory in MiB, at least 128. Default 1024.",
          "type": "integer"
        },
        "network": {
          "default": false,
          "description": "Let the machine reach the internet over TCP. Default false; refused unless the human allowed it.",
          "type": "boolean"
        },
        "timeout_seconds": {
          "default": 30,
          "description": "The command is killed after so many seconds and its exit code is then 124. Default 30. Some\nhosts give up on a call after 300 seconds: stay below 240.",
          "type": "integer"
        },
        "ttl_seconds": {
          "default": 600,
          "description": "The machine ends after so many seconds in any case. Default 600.",
          "type": "integer"
        },
        "vcpu_count": {
          "default": 1,
          "description": "Virtual CPUs. Default 1.",
          "type": "integer"
        }
      },
      "required": [
        "command"
      ],
      "type": "object"
    },
    "name": "vm_run",
    "title": "Run a command in a disposable virtual machine"
  }
]
"#);
}

#[test]
fn what_is_no_message_is_ignored_and_the_session_goes_on() {
    let world = World::new();
    let mut session = Session::silent(&world, &["--allow-host-compat"]);
    for garbage in ["", "garbage", "{\"jsonrpc\":", "\u{0}\u{1}"] {
        session.write_line(garbage);
    }
    let hello = session.request("initialize", initialize("2025-11-25"));
    assert!(hello["result"]["serverInfo"]["name"] == "pyro", "{hello}");
    session.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    session.write_line("more garbage");
    assert!(session.is_silent(Duration::from_millis(100)));
    assert!(session.request("tools/list", json!({}))["result"]["tools"].is_array());
}

#[test]
fn json_that_is_no_message_is_answered_and_the_session_goes_on() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    for nonsense in ["{}", "[]", "7", "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"ping\"}"] {
        session.write_line(nonsense);
        let answer = session.read();
        assert_eq!(answer["error"]["code"], -32600, "{nonsense}: {answer}");
    }
    assert!(session.request("tools/list", json!({}))["result"]["tools"].is_array());
}

#[test]
fn an_unknown_tool_is_a_protocol_error() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let answer = session.request("tools/call", json!({"name": "vm_fly", "arguments": {}}));
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert!(answer["error"]["message"].as_str().unwrap().contains("vm_fly"), "{answer}");
}

#[test]
fn requests_are_answered_beside_each_other() {
    let world = World::new();
    let mut session = Session::begin(&world, "2025-11-25");
    let slow = session.ask("tools/call", super::session::call(json!({"command": "sleep 1"})));
    let quick = session.request("tools/list", json!({}));
    assert!(quick["result"].is_object(), "{quick}");
    let late: Value = session.read();
    assert_eq!(late["id"], slow, "{late}");
}
