//! Signals to the command line of an exec: first the command's affair, then the end of the command, never
//! that of the workspace.

use scenarios::{Signal, Workspace, World};
use std::time::Duration;

fn goes_on(workspace: Workspace<'_>) {
    assert_eq!(workspace.exec(&["echo", "alive"]).succeeds().text(), "alive");
    let status = workspace.json(&["status"], &[]);
    assert_eq!(status["running_commands"], serde_json::json!([]), "{status}");
    workspace.delete();
}

#[test]
fn the_command_decides_what_ctrl_c_means() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let script = "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done";
    let running = workspace.script(script).start();
    running.prints("ready");
    running.signal(Signal::INT);
    assert_eq!(running.end().exits(9).text(), "ready\ncaught");
    let running = workspace.exec(&["sleep", "600"]).start();
    wait_for_command(&workspace);
    running.signal(Signal::INT);
    let _ = running.end().exits(128 + 2);
    goes_on(workspace);
}

#[test]
fn a_second_ctrl_c_ends_a_command_that_ignores_the_first_and_nothing_else() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let running =
        workspace.script("trap '' INT TERM; echo ready; while :; do sleep 0.1; done").start();
    running.prints("ready");
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::INT);
    let _ = running.end().exits(128 + 2);
    assert_eq!(workspace.json(&["logs"], &[])["entries"][0]["exit_code"], 137);
    goes_on(workspace);
}

#[test]
fn a_signal_ends_a_command_whose_result_is_json_and_the_document_comes_all_the_same() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let running = workspace.exec_with(&["--json"], &["sleep", "600"]).start();
    wait_for_command(&workspace);
    running.signal(Signal::INT);
    let report = running.end().exits(128 + 15).json();
    assert_eq!(
        (&report["state"], &report["exit_code"]),
        (&"exited".into(), &143.into()),
        "{report}"
    );
    goes_on(workspace);
}

#[test]
fn a_reader_that_goes_away_ends_the_command() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let pipe = format!("{{pyro}} workspace exec {} -- yes | head -n 1", workspace.id);
    assert_eq!(world.program(&["sh", "-c", &pipe]).succeeds().text(), "y");
    goes_on(workspace);
}

fn wait_for_command(workspace: &Workspace<'_>) {
    while workspace.json(&["status"], &[])["running_commands"] == serde_json::json!([]) {
        std::thread::sleep(Duration::from_millis(50));
    }
}
