//! Bytes pass through as they are, however many, and past a front end that dies.

use scenarios::{Process, World, much, peak_kib};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What the command line and the shim may need while bytes flow, in KiB.
const COMMAND_LINE_KIB: u64 = 24 << 10;
const SHIM_KIB: u64 = 12 << 10;

#[test]
fn much_flows_in_and_out_in_constant_memory() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let bytes: Vec<u8> = (0..much(64 << 20)).map(|n| n.to_le_bytes()[(n % 3) as usize]).collect();
    let mut running = workspace
        .exec_with(
            &["--timeout-seconds", "100"],
            &["sh", "-c", "tee copy | sha256sum; cat copy >&2"],
        )
        .stdin(bytes.clone())
        .within(Duration::from_secs(110))
        .start();
    let shim = running.process(Process::is_shim).pid;
    let (mut ours, mut shims) = (0, 0);
    while !running.has_ended() {
        ours = ours.max(peak_kib(running.pid()).unwrap_or(0));
        shims = shims.max(peak_kib(shim).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    let outcome = running.end().succeeds();
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(outcome.text().starts_with(&digest), "{}", outcome.text());
    println!(
        "{} bytes in {:?}: command line {ours} KiB, shim {shims} KiB",
        bytes.len(),
        outcome.took
    );
    assert!(ours <= COMMAND_LINE_KIB, "the command line needed {ours} KiB");
    assert!(shims <= SHIM_KIB, "the shim needed {shims} KiB");
    workspace.delete();
}

#[test]
fn stdin_is_read_to_its_end_and_streams_stay_apart() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let lines: String = (0..50_000).map(|number| format!("{number}\n")).collect();
    let sorted = workspace.exec(&["sort", "-rn"]).stdin(lines).succeeds();
    assert_eq!((sorted.lines().len(), sorted.lines()[0]), (50_000, "49999"));
    let both = workspace.script("for i in 1 2 3; do echo o$i; echo e$i >&2; done").succeeds();
    assert_eq!((both.text(), both.stderr.as_str()), ("o1\no2\no3", "e1\ne2\ne3\n"));
    let mut cat = workspace.exec(&["cat"]).holding_stdin().start();
    for line in ["one\n", "two\n"] {
        cat.write(line.as_bytes());
        cat.prints(line);
    }
    assert_eq!(cat.end().succeeds().text(), "one\ntwo");
    workspace.delete();
}
