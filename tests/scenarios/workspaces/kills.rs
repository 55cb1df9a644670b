//! What dies takes nothing along that was acknowledged.

use scenarios::{Process, Signal, World, descendants};
use std::time::{Duration, Instant};

#[test]
fn a_command_goes_on_when_its_command_line_is_killed() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let script = "echo before; until test -e go; do sleep 0.1; done; echo after; exit 3";
    let running = workspace.exec_with(&["--timeout-seconds", "100"], &["sh", "-c", script]).start();
    running.prints("before");
    running.signal(Signal::KILL);
    let _ = running.end().exits(128 + 9);
    let _ = workspace.exec(&["touch", "go"]).succeeds();
    let read =
        world.pyro(&["workspace", "exec-read", &workspace.exec_id(1), "--follow"]).succeeds();
    assert_eq!(read.text(), "before\nafter");
    assert_eq!(workspace.json(&["logs"], &[])["entries"][0]["exit_code"], 3);
    workspace.delete();
    world.assert_clean();
}

#[test]
fn nothing_acknowledged_is_lost_with_a_killed_shim() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    for victim in [Process::is_shim as fn(&Process) -> bool, Process::is_vmm] {
        let _ = workspace.script("echo by a command > made").succeeds();
        let _ = workspace.call(&["file", "write"], &["written", "--text", "by us"]).succeeds();
        let running = workspace.script("echo begun; sleep 600").start();
        running.prints("begun");
        running.process(victim).signal(Signal::KILL);
        let _ = running.end().exits(125).complains("error: ");
        no_machine();
        let back = workspace.script("cat made; cat written; rm made written").succeeds();
        let back = back.complains("was started again");
        assert_eq!(back.text(), "by a command\nby us");
    }
    let logs = workspace.json(&["logs"], &[]);
    let entries = logs["entries"].as_array().unwrap();
    let lost: Vec<_> = entries.iter().filter(|entry| entry["failure"].is_string()).collect();
    assert_eq!((entries.len(), lost.len()), (6, 2), "{logs}");
    for entry in lost {
        assert_eq!((&entry["exit_code"], &entry["stdout"]), (&125.into(), &"begun\n".into()));
    }
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_creation_that_is_interrupted_or_killed_leaves_nothing() {
    let world = World::new();
    let moments = [Duration::from_millis(200), Duration::from_millis(900)];
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        for after in moments {
            let running = world.pyro(&["workspace", "create", "--name", "same"]).start();
            let _ = running.process(Process::is_shim);
            std::thread::sleep(after);
            running.signal(signal);
            let _ = running.end().exits(128 + signal.as_raw());
            // by itself
            no_machine();
            let left = world.pyro(&["workspace", "list", "--json"]).succeeds().json();
            assert_eq!(left["count"], 0, "{left}");
            assert_eq!(world.workspaces(), [""; 0].map(std::path::PathBuf::from));
            world.assert_clean();
        }
    }
}

fn no_machine() {
    let deadline = Instant::now() + Duration::from_secs(8);
    while descendants().iter().any(|process| process.is_vmm() || process.is_shim()) {
        assert!(Instant::now() < deadline, "{:#?}", descendants());
        std::thread::sleep(Duration::from_millis(50));
    }
}
