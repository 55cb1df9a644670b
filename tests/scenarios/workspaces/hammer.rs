//! Two processes work on one workspace for a minute, one of them stopping, starting and resetting it
//! meanwhile. Whatever comes between, nobody is told to wait who only works, and nothing is corrupted.

use scenarios::{Workspace, World};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
/// What a verb may answer while somebody else stops or resets the workspace.
const CUT_OFF: [&str; 5] =
    ["workspace_not_started", "machine_gone", "shim_lost", "guest_not_found", "edit_missing"];

#[test]
fn nothing_is_corrupted_and_only_lifecycle_verbs_may_be_busy() {
    let world = World::new();
    let workspace = world.workspace(&["--ttl-seconds", "600", "--name", "anvil"]);
    let end = Instant::now() + MINUTE;
    let (worked, ruled) = thread::scope(|scope| {
        let worker = scope.spawn(|| until(end, |round| work(&workspace, round)));
        let ruler = scope.spawn(|| until(end, |round| rule(&workspace, round)));
        (worker.join().unwrap(), ruler.join().unwrap())
    });
    println!("working: {worked:?}; ruling: {ruled:?}");
    assert!(worked["ok"] > 5 && ruled["ok"] > 3, "{worked:?} {ruled:?}");

    let _ = workspace.call(&["start"], &[]).succeeds();
    let _ = workspace.script("echo whole > whole && sync && cat whole").succeeds();
    assert_eq!(workspace.json(&["status"], &[])["name"], "anvil");
    let logs = workspace.json(&["logs"], &[]);
    let sequences: Vec<u64> = logs["entries"].as_array().unwrap().iter().map(sequence).collect();
    assert!(sequences.is_sorted_by(|one, next| one < next), "{sequences:?}");
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let disk = workspace.directory().join("disk");
    let check = Command::new("/sbin/e2fsck").arg("-fn").arg(disk).output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    workspace.delete();
    world.assert_clean();
}

/// Counts of answers: `ok`, or the error's code.
fn until(end: Instant, round: impl Fn(usize) -> (bool, Value)) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for number in 0.. {
        if Instant::now() > end {
            break;
        }
        let (is_lifecycle, answer) = round(number);
        let code = answer["code"].as_str().unwrap_or("ok").to_owned();
        let allowed = code == "ok" || CUT_OFF.contains(&&*code) || is_lifecycle && code == "busy";
        assert!(allowed, "round {number}: {answer}");
        *answers.entry(code).or_insert(0) += 1;
    }
    answers
}

fn work(workspace: &Workspace<'_>, round: usize) -> (bool, Value) {
    let answer = match round % 6 {
        0 => workspace.exec_with(&["--json"], &["sh", "-c", "echo x >> log; wc -l < log"]),
        1 => workspace.call(&["file", "write"], &["text", "--text", "one two three", "--json"]),
        2 => workspace.call(&["file", "edit"], &["text", "--old", "two", "--new", "2", "--json"]),
        3 => workspace.call(&["file", "list"], &["--recursive", "--json"]),
        4 => workspace.call(&["diff"], &["--json"]),
        _ => workspace.call(&["logs"], &["--json"]),
    };
    (false, answer.outcome().json())
}

fn rule(workspace: &Workspace<'_>, round: usize) -> (bool, Value) {
    let (is_lifecycle, answer) = match round % 7 {
        0 => (true, workspace.call(&["update"], &["--label", "round=even", "--json"])),
        1 => (false, workspace.exec_with(&["--json"], &["true"])),
        2 => (true, workspace.call(&["stop"], &["--json"])),
        3 => (false, workspace.call(&["status"], &["--json"])),
        4 => (true, workspace.call(&["start"], &["--json"])),
        5 => (false, workspace.exec_with(&["--json"], &["sh", "-c", "echo y >> log"])),
        _ => (true, workspace.call(&["reset"], &["--json"])),
    };
    (is_lifecycle, answer.outcome().json())
}

fn sequence(entry: &Value) -> u64 {
    entry["sequence"].as_u64().unwrap()
}
