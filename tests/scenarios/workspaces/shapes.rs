//! `--json`: one document, with every field that section 3 of the contract names.

use super::seed;
use scenarios::{World, expected_isolation};
use serde_json::Value;

const WORKSPACE: &str = "workspace_id name labels environment environment_version vcpu_count mem_mib \
    ttl_seconds created_at last_activity_at expires_at state network_policy network_enabled \
    allow_host_compat guest_ip execution_mode isolation workspace_path workspace_seed secrets \
    command_count last_command reset_count last_reset_at service_count running_service_count metadata";
const SUMMARY: &str = "workspace_id name labels environment state created_at last_activity_at expires_at \
    command_count service_count running_service_count";
const SEED: &str = "mode path destination entry_count bytes_written";
const EXEC: &str = "workspace_id environment environment_version command stdout stderr exit_code \
    duration_ms execution_mode isolation";
const LOG: &str =
    "sequence command cwd exit_code duration_ms execution_mode stdout stderr recorded_at";
const SYNC: &str = "mode source_path destination entry_count bytes_written";
const RESET: &str = "snapshot_name kind destination entry_count bytes_written";
const DIFF: &str = "workspace_id changed summary entries patch";
const COUNTS: &str = "total added modified deleted type_changed text_patched non_text";

#[test]
fn every_document_has_the_fields_of_the_contract() {
    let world = World::new();
    let original = seed::directory(&world);
    let seed = original.to_str().unwrap();
    let words = ["workspace", "create", "--seed-path", seed, "--json"];
    let made = world.pyro(&words).succeeds().json();
    assert_fields(&made, WORKSPACE);
    assert_fields(&made["workspace_seed"], SEED);
    assert_eq!(
        (&made["state"], &made["workspace_path"]),
        (&"started".into(), &"/workspace".into())
    );
    if let Some(expected) = expected_isolation() {
        assert_eq!(made["isolation"], expected);
    }
    let id = made["workspace_id"].as_str().unwrap();
    let json = |verb: &[&str], rest: &[&str]| {
        let words = [&["workspace"], verb, &[id, "--json"], rest].concat();
        world.pyro(&words).succeeds().json()
    };

    let ran = json(&["exec"], &["--", "sh", "-c", "echo out; echo err >&2; echo 3 >> README.md"]);
    assert_fields(&ran, EXEC);
    assert_eq!((&ran["stdout"], &ran["stderr"]), (&"out\n".into(), &"err\n".into()));
    let status = json(&["status"], &[]);
    assert_fields(&status, WORKSPACE);
    assert_eq!(status["last_command"]["exit_code"], 0);
    let listing = world.pyro(&["workspace", "list", "--json"]).succeeds().json();
    assert_fields(&listing["workspaces"][0], SUMMARY);
    let logs = json(&["logs"], &[]);
    assert_fields(&logs, "workspace_id count entries");
    assert_fields(&logs["entries"][0], LOG);

    let diff = json(&["diff"], &[]);
    assert_fields(&diff, DIFF);
    assert_fields(&diff["summary"], COUNTS);
    assert_fields(&diff["entries"][0], "path status artifact_type text_patch");
    let pushed = json(&["sync", "push"], &[seed]);
    assert_fields(&pushed, "workspace_id execution_mode workspace_sync");
    assert_fields(&pushed["workspace_sync"], SYNC);

    let files = json(&["file", "list"], &[]);
    assert_fields(&files, "workspace_id path recursive entries");
    assert_fields(&files["entries"][0], "path artifact_type size_bytes link_target");
    let read = json(&["file", "read"], &["README.md"]);
    assert_fields(&read, "workspace_id path size_bytes max_bytes content truncated");
    assert_eq!(read["max_bytes"], 65_536);
    let written = json(&["file", "write"], &["a", "--text", "b"]);
    assert_fields(&written, "workspace_id path size_bytes bytes_written");
    let edited = json(&["file", "edit"], &["a", "--old", "b", "--new", "c"]);
    assert_fields(&edited, "workspace_id path replacements size_bytes");

    let reset = json(&["reset"], &[]);
    assert_fields(&reset, WORKSPACE);
    assert_fields(&reset["workspace_reset"], RESET);
    assert_fields(&json(&["stop"], &[]), WORKSPACE);
    assert_fields(&json(&["start"], &[]), WORKSPACE);
    assert_fields(&json(&["update"], &["--name", "x"]), WORKSPACE);
    assert_fields(&json(&["delete"], &[]), "workspace_id deleted reason");
    world.assert_clean();
}

#[track_caller]
fn assert_fields(document: &Value, fields: &str) {
    let missing: Vec<_> =
        fields.split_whitespace().filter(|field| document.get(field).is_none()).collect();
    assert!(missing.is_empty(), "without {missing:?}: {document}");
}
