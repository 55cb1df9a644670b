//! However a machine ends, nothing of it stays: the next command sees to it at the latest.

use scenarios::{Process, Running, Signal, World};
use std::time::Duration;

/// Starts a machine that would run on, and waits until its command runs.
fn a_running_machine(world: &World) -> Running {
    let running = world.script("echo ready; sleep 600").start();
    running.prints("ready");
    assert_eq!(world.machines().len(), 1);
    running
}

/// What every user does sooner or later.
fn the_next_command(world: &World) {
    let _ = world.next_command().succeeds();
    world.assert_clean();
}

#[test]
fn a_polite_signal_to_the_command_line_ends_the_machine_before_it_returns() {
    let world = World::new();
    for (signal, code) in [(Signal::TERM, 128 + 15), (Signal::HUP, 128 + 1)] {
        let running = a_running_machine(&world);
        running.signal(signal);
        let _ = running.end().exits(code);
        world.assert_clean();
    }
}

#[test]
fn a_killed_command_line_takes_its_machine_along() {
    let world = World::new();
    let running = a_running_machine(&world);
    running.signal(Signal::KILL);
    let _ = running.end().exits(128 + 9);
    // even without a next command
    world.assert_no_process();
    world.assert_clean();
    the_next_command(&world);
}

#[test]
fn a_killed_shim_takes_its_machine_along_and_the_next_command_removes_the_rest() {
    let world = World::new();
    for signal in [Signal::KILL, Signal::TERM] {
        let running = a_running_machine(&world);
        running.process(Process::is_shim).signal(signal);
        let _ = running.end().exits(125).complains("error: ");
        world.assert_no_process();
        the_next_command(&world);
    }
}

#[test]
fn a_killed_vmm_is_noticed_at_once_and_named() {
    let world = World::new();
    // the one that nobody can handle, and one that every VMM takes for its end: as the first process
    // of its namespace it is not told of a signal that it does not handle
    for signal in [Signal::KILL, Signal::HUP] {
        let running = a_running_machine(&world);
        running.process(Process::is_vmm).signal(signal);
        let run = running.end().exits(125);
        assert!(run.stderr.contains("VMM ended"), "{}", run.stderr);
        world.assert_clean();
    }
}

#[test]
fn everything_killed_at_once_is_cleaned_up_by_the_next_command() {
    let world = World::new();
    let running = a_running_machine(&world);
    let (shim, vmm) = (running.process(Process::is_shim), running.process(Process::is_vmm));
    running.signal(Signal::KILL);
    shim.signal(Signal::KILL);
    vmm.signal(Signal::KILL);
    let _ = running.end().exits(128 + 9);
    // under load, what was killed takes a moment to be dead and to let go of its locks
    world.assert_no_process();
    the_next_command(&world);
}

/// The moments between the ledger's writes: each delay after the start falls into another phase.
#[test]
fn a_kill_at_any_moment_of_the_start_leaves_nothing_after_the_next_command() {
    let world = World::new();
    for (step, victim) in [
        (0, Process::is_shim as fn(&Process) -> bool),
        (30, Process::is_jail_launcher),
        (60, Process::is_shim),
        (150, Process::is_vmm),
        (400, Process::is_shim),
        (700, Process::is_vmm),
    ] {
        let running = world.run(&["sleep", "600"]).start();
        let process = running.process(victim);
        std::thread::sleep(Duration::from_millis(step));
        process.signal(Signal::KILL);
        let _ = running.end().exits(125);
        the_next_command(&world);
    }
}

#[test]
fn the_time_to_live_ends_a_machine_whatever_it_does() {
    let world = World::new();
    let run = world
        .run_with(&["--ttl-seconds", "10", "--timeout-seconds", "600"], &["sleep", "600"])
        .within(Duration::from_secs(30))
        .outcome()
        .exits(125);
    assert!(run.stderr.contains("time to live of 10 s"), "{}", run.stderr);
    world.assert_clean();
}

#[test]
fn a_guest_that_powers_itself_off_is_an_error_that_says_so() {
    let world = World::new();
    let run = world.script("echo b > /proc/sysrq-trigger; sleep 60").outcome().exits(125);
    assert!(run.stderr.contains("VMM ended"), "{}", run.stderr);
    world.assert_clean();
}
