//! All of it without any privilege: no root, no subordinate users, and no `/dev/kvm` unless the user
//! is in its group, as in the lab. The first of these tests builds the environment as that user.

use scenarios::{Process, Signal, World, expected_isolation, much, peak_kib};
use std::time::Duration;

#[test]
fn an_ordinary_user_builds_an_environment_and_gets_a_guest_with_the_same_walls() {
    let world = World::of_an_ordinary_user();
    let isolation = expected_isolation().unwrap_or("emulated-vm");
    let lacks = "id -u; test -w /dev/kvm; echo $?; grep -c \"$(id -un)\" /etc/subuid";
    let user = world.program(&["sh", "-c", lacks]).outcome();
    assert_ne!(user.lines()[0], "0");
    if rustix::process::geteuid().is_root() {
        let kvm = if isolation == "hardware-vm" { "0" } else { "1" };
        assert_eq!(user.lines()[1..], [kvm, "0"], "{user:?}");
    }
    let result = world
        .run_with(&["--json"], &["sh", "-c", "uname -r; cat /etc/debian_version; id -u"])
        .succeeds()
        .json();
    let lines: Vec<&str> = result["stdout"].as_str().unwrap().lines().collect();
    assert!(lines[1].starts_with("12."), "{lines:?}");
    assert_eq!(lines[2], "0");
    assert_eq!(result["isolation"], isolation);
    assert_ne!(result["jail"], "none");
    world.assert_clean();
}

#[test]
fn for_an_ordinary_user_commands_end_as_they_should() {
    let world = World::of_an_ordinary_user();
    let _ = world.script("exit 7").outcome().exits(7);
    let limit = &["--timeout-seconds", "1"];
    let _ = world.run_with(limit, &["sleep", "60"]).outcome().exits(124);
    let run = world.script("sleep 600 & echo done").within(Duration::from_secs(20)).succeeds();
    assert_eq!(run.text(), "done");
    let every: Vec<u8> = (0..=255).collect();
    assert_eq!(world.run(&["cat"]).stdin(every.clone()).succeeds().stdout, every);
    let running =
        world.script("trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done").start();
    running.prints("ready");
    running.signal(Signal::INT);
    let _ = running.end().exits(9);
    world.assert_clean();
}

#[test]
fn for_an_ordinary_user_a_gibibyte_streams_in_constant_memory() {
    let world = World::of_an_ordinary_user();
    let count = much(1 << 30);
    let mut running = world
        .run_with(&["--timeout-seconds", "100"], &["head", "-c", &count.to_string(), "/dev/zero"])
        .counting_stdout()
        .within(Duration::from_secs(120))
        .start();
    let mut peak = 0;
    while !running.has_ended() {
        peak = peak.max(peak_kib(running.pid()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(running.end().succeeds().stdout_bytes, count);
    assert!(peak <= 24 << 10, "{peak} KiB");
}

#[test]
fn for_an_ordinary_user_kills_leave_nothing_either() {
    let world = World::of_an_ordinary_user();
    for victim in [Process::is_shim, Process::is_vmm] {
        let running = world.script("echo ready; sleep 600").start();
        running.prints("ready");
        running.process(victim).signal(Signal::KILL);
        let _ = running.end().exits(125);
        let _ = world.run(&["true"]).succeeds();
        world.assert_clean();
    }
    let running = world.script("echo ready; sleep 600").start();
    running.prints("ready");
    running.signal(Signal::KILL);
    let _ = running.end().exits(128 + 9);
    world.assert_no_process();
    world.assert_clean();
}
