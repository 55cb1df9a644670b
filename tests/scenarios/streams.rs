//! Bytes pass through as they are, whatever they are and however many.

use scenarios::{Process, Running, World, much, peak_kib};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What a shim may need (DESIGN: resident memory of a shim), in KiB.
const SHIM_KIB: u64 = 12 << 10;
/// What the command line may need while bytes flow, in KiB.
const COMMAND_LINE_KIB: u64 = 24 << 10;

#[test]
fn a_gibibyte_of_stdout_streams_through_in_constant_memory() {
    let world = World::new();
    let count = much(1 << 30);
    let mut running = world
        .run_with(&["--timeout-seconds", "150"], &["head", "-c", &count.to_string(), "/dev/zero"])
        .counting_stdout()
        .within(Duration::from_secs(160))
        .start();
    let shim = running.process(Process::is_shim);
    let (command_line, shim) = peaks(&mut running, shim.pid);
    let run = running.end().succeeds();
    assert_eq!(run.stdout_bytes, count);
    let mib = u32::try_from(count >> 20).unwrap();
    let mib_per_second = f64::from(mib) / run.took.as_secs_f64();
    println!(
        "{mib} MiB: {mib_per_second:.0} MiB/s with the boot, peak memory of the command line {command_line} KiB, of the shim {shim} KiB"
    );
    assert!(command_line <= COMMAND_LINE_KIB, "the command line needed {command_line} KiB");
    assert!(shim <= SHIM_KIB, "the shim needed {shim} KiB");
    world.assert_clean();
}

/// The highest peaks seen of the command line and of the shim while it runs.
fn peaks(running: &mut Running, shim: i32) -> (u64, u64) {
    let (mut ours, mut shims) = (0, 0);
    while !running.has_ended() {
        ours = ours.max(peak_kib(running.pid()).unwrap_or(0));
        shims = shims.max(peak_kib(shim).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    (ours, shims)
}

#[test]
fn a_line_of_a_hundred_megabytes_survives_both_ways() {
    let world = World::new();
    let line = bytes_without_newline(much(100_000_000));
    let run = world
        .run_with(
            &["--timeout-seconds", "110"],
            &["sh", "-c", "tee /tmp/line; sha256sum < /tmp/line >&2"],
        )
        .stdin(line.clone())
        .within(Duration::from_secs(120))
        .succeeds();
    let digest = hex(&Sha256::digest(&line));
    assert_eq!(hex(&Sha256::digest(&run.stdout)), digest, "{} bytes came back", run.stdout.len());
    assert!(run.stderr.starts_with(&digest), "the guest saw {}", run.stderr);
    world.assert_clean();
}

#[test]
fn nul_and_bytes_that_are_not_utf8_survive() {
    let world = World::new();
    let every: Vec<u8> = (0..=255).chain([0, 0, 0xff, 0xfe, 0xc3, 0x28]).collect();
    let run = world.run(&["cat"]).stdin(every.clone()).succeeds();
    assert_eq!(run.stdout, every);
    let run = world.script("printf 'o\\000\\377'; printf 'e\\000x' >&2").succeeds();
    assert_eq!((&run.stdout[..], run.stderr.as_str()), (&b"o\0\xff"[..], "e\0x"));
}

#[test]
fn stdout_and_stderr_stay_apart() {
    let world = World::new();
    let run = world.script("for i in 1 2 3; do echo o$i; echo e$i >&2; done").succeeds();
    assert_eq!((run.text(), run.stderr.as_str()), ("o1\no2\no3", "e1\ne2\ne3\n"));
}

#[test]
fn a_reader_that_goes_away_ends_the_machine() {
    let world = World::new();
    let run = world
        .program(&["sh", "-c", "{pyro} run debian:12 -- yes | head -n 1"])
        .within(Duration::from_secs(30))
        .succeeds();
    assert_eq!(run.text(), "y");
    world.assert_clean();
}

/// Bytes of every other kind, the same every time (a linear congruential generator, Numerical
/// Recipes' constants).
fn bytes_without_newline(count: u64) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).map(|byte| if byte == b'\n' { 0 } else { byte }).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
