//! `--json`: one document, as section 3 of the contract has it.

use scenarios::{World, expected_isolation};
use serde_json::{Value, json};

#[test]
fn the_result_has_every_field_of_the_contract() {
    let world = World::new();
    let run =
        world.run_with(&["--json"], &["sh", "-c", "echo out; echo err >&2; exit 3"]).outcome();
    let result = run.exits(3).json();
    let expected = [
        ("environment", json!("debian:12")),
        ("command", json!("sh -c 'echo out; echo err >&2; exit 3'")),
        ("stdout", json!("out\n")),
        ("stderr", json!("err\n")),
        ("exit_code", json!(3)),
    ];
    for (field, value) in expected {
        assert_eq!(result[field], value, "{field}");
    }
    assert!(result["environment_version"].is_string() && result["duration_ms"].is_u64());
    assert!(result["execution_mode"].as_str().unwrap().starts_with("guest_"), "{result}");
    let id = result["vm_id"].as_str().unwrap();
    let cleanup = json!({"deleted": true, "reason": result["cleanup"]["reason"], "vm_id": id});
    assert_eq!(result["cleanup"], cleanup);
    says_how_strong_the_walls_are(&result);
    world.assert_clean();
}

fn says_how_strong_the_walls_are(result: &Value) {
    let isolation = result["isolation"].as_str().unwrap();
    match expected_isolation() {
        Some(expected) => assert_eq!(isolation, expected),
        None => assert!(["hardware-vm", "emulated-vm"].contains(&isolation), "{isolation}"),
    }
    let jail = result["jail"].as_str().unwrap();
    assert!(["full", "landlock"].contains(&jail), "{jail}");
}

#[test]
fn long_output_is_cut_in_the_middle_and_the_result_says_so() {
    let world = World::new();
    let script = "echo first; head -c 20M /dev/zero | tr '\\0' x; echo; echo last; echo short >&2";
    let result = world.run_with(&["--json"], &["sh", "-c", script]).succeeds().json();
    let stdout = result["stdout"].as_str().unwrap();
    assert!(stdout.len() < 2 << 20, "{} bytes", stdout.len());
    assert!(stdout.starts_with("first\nxxx") && stdout.ends_with("xxx\nlast\n"));
    assert!(stdout.contains("bytes left out"));
    assert_eq!(result["stdout_truncated"], true);
    assert_eq!(result["stdout_bytes"], (20 << 20) + 6 + 1 + 5);
    assert_eq!(
        (&result["stderr"], &result["stderr_truncated"]),
        (&json!("short\n"), &json!(false))
    );
}

#[test]
fn bytes_that_are_not_utf8_are_replaced_and_the_result_says_so() {
    let world = World::new();
    let result = world.run_with(&["--json"], &["printf", "a\\377b"]).succeeds().json();
    assert_eq!((&result["stdout"], &result["stdout_lossy"]), (&json!("a\u{fffd}b"), &json!(true)));
}

#[test]
fn a_time_limit_shows_in_the_result() {
    let world = World::new();
    let run = world.run_with(&["--json", "--timeout-seconds", "1"], &["sleep", "60"]).outcome();
    let result = run.exits(124).json();
    assert_eq!((&result["exit_code"], &result["timed_out"]), (&json!(124), &json!(true)));
    assert_eq!(result["cleanup"]["deleted"], true);
}

#[test]
fn pyros_own_failures_are_one_document_too_and_exit_with_125() {
    let world = World::unprepared();
    for (arguments, kind) in [
        (&["run", "No:Such", "--json", "--", "true"][..], "not_found"),
        (&["run", "debian:12", "--json", "--mem-mib", "1", "--", "true"], "usage"),
        (&["run", "debian:12", "--json", "--no-such-flag", "--", "true"], "usage"),
    ] {
        let error = world.pyro(arguments).outcome().exits(125).json();
        assert_eq!(error["kind"], kind, "{error}");
        for field in ["code", "message"] {
            assert!(!error[field].as_str().unwrap().is_empty(), "{error}");
        }
        assert!(error["hints"].as_array().unwrap().iter().all(Value::is_string), "{error}");
    }
    world.assert_clean();
}
