//! A kill at every single write of a machine's ledger. The process that keeps the machine is stopped
//! before the write, or after it, and then one of the three dies: the command line, that process
//! itself, or the VMM. Whoever it was, the next command leaves nothing.

use scenarios::{ENVIRONMENT, Moment, Process, Running, Signal, World, Write, descendants};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    CommandLine,
    Shim,
    Vmm,
}

#[test]
fn a_kill_at_every_write_of_the_ledger_leaves_nothing_after_the_next_command() {
    let world = World::new();
    let writes = writes_of_one_run(&world);
    assert!(writes >= 3, "the shim, the VMM that is to start, the VMM that has: {writes} writes");
    let mut with_a_vmm = 0;
    for nth in 1..=writes {
        for moment in [Moment::Before, Moment::After] {
            let step = (nth, moment);
            let there_is_a_vmm = kill(&world, step, Victim::CommandLine);
            kill(&world, step, Victim::Shim);
            if there_is_a_vmm {
                kill(&world, step, Victim::Vmm);
                with_a_vmm += 1;
            }
        }
    }
    // it runs before it is written down, and it is there when it has been
    assert_eq!(with_a_vmm, 2, "of {writes} writes");
}

/// Kills the victim at one side of the `nth` write, and returns whether there was a VMM then.
fn kill(world: &World, (nth, moment): (usize, Moment), victim: Victim) -> bool {
    let (running, ledger) = a_machine_without_a_shim_yet(world);
    let shim = itself(&running).go_on_to_write(Write { file: &ledger, nth, moment });
    assert!(shim.is_shim(), "{shim:?} writes the ledger");
    let written = std::fs::read_to_string(&ledger).unwrap().lines().count();
    assert_eq!(written, if moment == Moment::Before { nth - 1 } else { nth });
    let vmm = descendants().into_iter().find(Process::is_vmm);
    match victim {
        Victim::CommandLine => running.signal(Signal::KILL),
        Victim::Shim => shim.signal(Signal::KILL),
        Victim::Vmm => vmm.as_ref().unwrap().signal(Signal::KILL),
    }
    shim.signal(Signal::CONT);
    let _ = running.end().exits(if victim == Victim::CommandLine { 128 + 9 } else { 125 });
    if victim == Victim::Shim {
        assert_eq!(world.machines().len(), 1, "nothing is left for the next command to find");
    }
    // whoever lives ends by itself what it still holds; nobody else may touch it before
    world.assert_no_process();
    let _ = world.next_command().succeeds();
    world.assert_clean();
    vmm.is_some()
}

fn writes_of_one_run(world: &World) -> usize {
    let (running, ledger) = a_machine_without_a_shim_yet(world);
    let writes = itself(&running).go_on_and_count_writes(&ledger);
    let _ = running.end().succeeds();
    world.assert_clean();
    writes
}

/// A command line that has made its machine's directory, and is stopped before it starts a shim;
/// and where the ledger will be.
fn a_machine_without_a_shim_yet(world: &World) -> (Running, std::path::PathBuf) {
    let stopped = "kill -STOP $$; exec \"$@\"";
    let words = ["sh", "-c", stopped, "sh", "{pyro}", "run", ENVIRONMENT, "--", "true"];
    let running = world.program(&words).start();
    // what it remembers of the host it flushes before
    while world.machines().is_empty() {
        itself(&running).go_on_to_its_next_flush();
    }
    let [directory] = &world.machines()[..] else { panic!("{:?}", world.machines()) };
    assert!(!descendants().iter().any(Process::is_shim));
    (running, directory.join("ledger"))
}

fn itself(running: &Running) -> Process {
    running.process(|process| process.pid == running.pid())
}
