//! The tools of vms that outlive their session, in the profile `workspace-full`.

use super::session::{Session, text};
use crate::world::{PidFile, World, is_running, until};
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn session(world: &World) -> Session {
    Session::with_every_tool(world, &["--allow-host-compat"])
}

/// The structured form of a result whose text form holds the same facts.
fn facts(result: &Value) -> Value {
    assert_ne!(result["isError"], true, "{result}");
    let (facts, text) = (&result["structuredContent"], result["content"][0]["text"].as_str());
    for field in ["vm_id", "state", "isolation", "next", "reason", "count"] {
        match &facts[field] {
            Value::String(value) => assert!(text.unwrap().contains(value.as_str()), "{result}"),
            Value::Number(value) => assert!(text.unwrap().contains(&value.to_string()), "{result}"),
            _ => {}
        }
    }
    facts.clone()
}

fn refusal(result: &Value) -> &str {
    assert_eq!(result["isError"], true, "{result}");
    text(result)
}

fn create(session: &mut Session) -> Value {
    facts(&session.tool("vm_create", json!({"allow_host_compat": true})))
}

fn id_of(vm: &Value) -> Value {
    json!({"vm_id": vm["vm_id"]})
}

#[test]
fn from_create_to_exec() {
    let world = World::new();
    let mut session = session(&world);
    let made = create(&mut session);
    assert_eq!((&made["state"], &made["ttl_seconds"]), (&json!("created"), &json!(600)));
    assert_eq!(facts(&session.tool("vm_start", id_of(&made)))["state"], "started");
    assert_eq!(facts(&session.tool("vm_status", id_of(&made)))["state"], "started");
    let mut arguments = id_of(&made);
    arguments["command"] = json!("echo out; echo err >&2; exit 3");
    let answer = session.tool("vm_exec", arguments);
    assert!(text(&answer).starts_with("exit_code: 3\n"), "{answer}");
    assert!(text(&answer).contains("stdout:\nout\nstderr:\nerr\n"), "{answer}");
    let gone = session.tool("vm_status", id_of(&made));
    assert!(refusal(&gone).contains("code: not_found\n"), "{gone}");
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn a_vm_outlives_its_server() {
    let world = World::new();
    let mut first = session(&world);
    let made = create(&mut first);
    facts(&first.tool("vm_start", id_of(&made)));
    first.server.kill().unwrap();
    let mut second = session(&world);
    assert_eq!(facts(&second.tool("vm_status", id_of(&made)))["state"], "started");
    assert_eq!(facts(&second.tool("vm_stop", id_of(&made)))["state"], "stopped");
    assert_eq!(facts(&second.tool("vm_delete", id_of(&made)))["deleted"], true);
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn a_command_ends_with_its_call_and_its_vm_with_it() {
    let world = World::new();
    let mut session = session(&world);
    let made = create(&mut session);
    facts(&session.tool("vm_start", id_of(&made)));
    let file = PidFile::of(&world);
    let mut arguments = id_of(&made);
    arguments["command"] = json!(format!("{}; sleep 60", file.note()));
    let id = session.ask("tools/call", json!({"name": "vm_exec", "arguments": arguments}));
    let pid = file.wait();
    let params = json!({"requestId": id});
    let method = "notifications/cancelled";
    session.write(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    until("the command's end", || !is_running(pid));
    until("the machine's end", || world.machines().is_empty());
    let gone = session.tool("vm_status", id_of(&made));
    assert!(refusal(&gone).contains("code: not_found\n"), "{gone}");
}

#[test]
fn refusals_name_the_next_step() {
    let world = World::new();
    let mut session = session(&world);
    assert_snapshot!(refusal(&session.tool("vm_start", json!({"vm_id": "vm-0"}))), @r#"
error: there is no vm "vm-0"
code: not_found
next: check the id; if the vm is gone, make a new one
"#);
    let asking = json!({"allow_host_compat": true, "mem_mib": 1});
    assert!(refusal(&session.tool("vm_create", asking)).contains("code: out_of_range\n"));
    let made = create(&mut session);
    let mut arguments = id_of(&made);
    arguments["command"] = json!("true");
    let refused = session.tool("vm_exec", arguments.clone());
    assert!(
        refusal(&refused).contains("code: vm_not_started\nnext: start it first\n"),
        "{refused}"
    );
    let wrong = session.tool("vm_stop", json!({"id": "vm-0"}));
    assert!(refusal(&wrong).contains("code: bad_arguments\n"), "{wrong}");

    let mut strict = Session::with_every_tool(&world, &[]);
    let asking = strict.tool("vm_create", json!({"allow_host_compat": true}));
    assert!(refusal(&asking).contains("code: host_compat_denied\n"), "{asking}");
    let starting = strict.tool("vm_start", id_of(&made));
    assert!(refusal(&starting).contains("code: host_compat_denied\n"), "{starting}");
    facts(&session.tool("vm_start", id_of(&made)));
    let running = strict.tool("vm_exec", arguments);
    assert!(refusal(&running).contains("code: host_compat_denied\n"), "{running}");
    assert_eq!(facts(&strict.tool("vm_delete", id_of(&made)))["deleted"], true);
}

#[test]
fn the_fifth_start_is_refused_and_told_what_to_stop() {
    let world = World::new();
    let mut session = session(&world);
    let vms: Vec<Value> = (0..5).map(|_| create(&mut session)).collect();
    for vm in &vms[..4] {
        facts(&session.tool("vm_start", id_of(vm)));
    }
    let refused = session.tool("vm_start", id_of(&vms[4]));
    assert!(refusal(&refused).contains("code: too_many_vms\nnext: stop or delete one of vm-"));
    for vm in &vms {
        facts(&session.tool("vm_delete", id_of(vm)));
    }
    assert_eq!(world.machines(), [""; 0]);
}

#[test]
fn expired_vms_are_reaped() {
    let world = World::new();
    let mut session = session(&world);
    let short = json!({"allow_host_compat": true, "ttl_seconds": 1});
    let made = facts(&session.tool("vm_create", short));
    let kept = create(&mut session);
    facts(&session.tool("vm_start", id_of(&made)));
    until("the machine's end", || world.machines().is_empty());
    let stopped = facts(&session.tool("vm_status", id_of(&made)));
    assert_eq!(stopped["state"], "stopped");
    assert!(stopped["next"].as_str().unwrap().contains("vm_reap_expired"), "{stopped}");
    let reaped = facts(&session.tool("vm_reap_expired", json!({})));
    assert_eq!(reaped, json!({"deleted_vm_ids": [made["vm_id"]], "count": 1}));
    assert_eq!(facts(&session.tool("vm_status", id_of(&kept)))["state"], "created");
}

#[test]
fn what_there_is_to_boot_and_what_network_a_vm_has() {
    let world = World::new();
    let mut session = session(&world);
    let listed = facts(&session.tool("vm_list_environments", json!({})));
    let names = listed["environments"].as_array().unwrap().iter().map(|e| e["name"].clone());
    assert_eq!(Vec::from_iter(names), ["debian:12", "debian:12-base", "debian:12-build"]);
    let made = create(&mut session);
    let info = facts(&session.tool("vm_network_info", id_of(&made)));
    assert_eq!((&info["vm_id"], &info["network_enabled"]), (&made["vm_id"], &json!(false)));
}

#[test]
fn the_tools_of_the_profile_and_their_schemas() {
    let world = World::new();
    let mut session = session(&world);
    let listed = session.request("tools/list", json!({}))["result"]["tools"].clone();
    let tools = listed.as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_snapshot!(names.join(" "), @"service_list service_logs service_start service_status service_stop shell_close shell_list shell_open shell_read shell_signal shell_write snapshot_create snapshot_delete snapshot_list vm_create vm_delete vm_exec vm_list_environments vm_network_info vm_reap_expired vm_run vm_start vm_status vm_stop workspace_create workspace_delete workspace_diff workspace_disk_export workspace_disk_list workspace_disk_read workspace_exec workspace_exec_read workspace_exec_stop workspace_export workspace_file_edit workspace_file_list workspace_file_read workspace_file_write workspace_list workspace_logs workspace_patch_apply workspace_reset workspace_start workspace_status workspace_stop workspace_sync_push workspace_update");
    // four characters are about a token
    assert!(listed.to_string().len() / 4 < 14_000, "{}", listed.to_string().len() / 4);
    assert!(!listed.to_string().contains("\"format\""));
    for tool in tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert!(tool["inputSchema"]["properties"].is_object(), "{tool}");
    }
    let made = create(&mut session);
    let calls = [
        ("vm_create", json!({"allow_host_compat": true})),
        ("vm_start", id_of(&made)),
        ("vm_status", id_of(&made)),
        ("vm_stop", id_of(&made)),
        ("vm_network_info", id_of(&made)),
        ("vm_delete", id_of(&made)),
        ("vm_list_environments", json!({})),
        ("vm_reap_expired", json!({})),
    ];
    for (name, arguments) in calls {
        let tool = tools.iter().find(|tool| tool["name"] == name).unwrap();
        let fields = |value: &Value| -> BTreeSet<String> {
            value.as_object().unwrap().keys().cloned().collect()
        };
        let promised = fields(&tool["outputSchema"]["properties"]);
        let given = fields(&facts(&session.tool(name, arguments)));
        assert!(given.is_subset(&promised), "{name}: {given:?}");
        // only where an answer can be of two kinds
        for required in tool["outputSchema"]["required"].as_array().into_iter().flatten() {
            assert!(given.contains(required.as_str().unwrap()), "{name}: {required}");
        }
    }
}
