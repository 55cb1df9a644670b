//! `pyro run debian:12 -- true` beside the raw boot, and stdout beside the raw channel.

use crate::cpu::{Cost, cost};
use crate::raw::{RawMachine, RunningRaw};
use crate::table::{Bound, Table, median, milliseconds};
use crate::user::User;
use std::time::{Duration, Instant};

const PAIRS: usize = 11;
/// The guest's own fork of the command is on both sides.
const MOST: f64 = 1.15;
const STREAMED: u64 = 64 << 20;

pub(crate) fn measure(user: &User, table: &mut Table) {
    let raw = RawMachine::new(user);
    let (mut runs, mut commands, mut boots) = (Vec::new(), Vec::new(), Vec::new());
    // each is preceded by the other: a host takes memory back that was not used for some seconds,
    // and whoever comes after that pays for it
    for _ in 0..PAIRS {
        runs.push(cost(|| user.world.run(&["true"]).succeeds().took));
        commands.push(cost(|| end(raw.boot_and_run_true())));
    }
    for _ in 0..PAIRS / 2 {
        boots.push(cost(|| end(raw.boot())));
    }
    let wall = |costs: &[Cost]| median(costs.iter().map(|cost| cost.wall).collect());
    let cpu = |costs: &[Cost]| median(costs.iter().map(|cost| cost.cpu).collect());
    let least = |costs: &[Cost]| costs.iter().map(|cost| cost.wall).fold(f64::MAX, f64::min);
    let views = [("wall", wall as fn(&[Cost]) -> f64), ("CPU", cpu), ("least wall", least)];
    for (what, of) in views {
        let (ours, theirs, bare) = (of(&runs), of(&commands), of(&boots));
        let ratio = ours / theirs;
        let name = format!("run true / raw boot and fork, {what}");
        let (shown, beside) = (milliseconds(ours), milliseconds(theirs));
        match what {
            "least wall" => table.comparison(&name, shown, beside, ratio),
            _ => table.ratio(&name, shown, beside, ratio, Bound::AtMost(MOST)),
        }
        table.note(&format!("  raw boot alone, {what}"), "", milliseconds(bare));
    }
    streams(user, &raw, table);
}

fn end(machine: RunningRaw) -> Duration {
    let booted = machine.booted;
    machine.end();
    booted
}

/// A command's stdout is a pipe in the guest, read by the agent and sent over the channel: it is
/// compared with what a pipe carries there when nobody sends anything.
fn streams(user: &User, raw: &RawMachine, table: &mut Table) {
    let (mut ours, mut pipes, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    let mib = |took: Duration| STREAMED as f64 / f64::from(1 << 20) / took.as_secs_f64();
    for _ in 0..3 {
        let mut machine = raw.boot();
        channels.push(mib(machine.receive(STREAMED)));
        machine.end();
        let (stdout, pipe) = stdout_and_pipe(user);
        ours.push(mib(stdout));
        pipes.push(mib(pipe));
    }
    let show = |rate: f64| format!("{rate:.0} MiB/s");
    let (ours, pipe) = (median(ours), median(pipes));
    let name = "stdout / the guest's own pipe, throughput";
    table.comparison(name, show(ours), show(pipe), ours / pipe);
    table.note("  raw channel alone, throughput", "", show(median(channels)));
}

/// How long as many bytes take over a command's stdout and through a pipe in the same guest.
fn stdout_and_pipe(user: &User) -> (Duration, Duration) {
    let source = format!("dd if=/dev/zero bs=256K count={} status=none", STREAMED >> 18);
    let script = format!(
        "s=$(date +%s%N); {source} | cat > /dev/null; e=$(date +%s%N); echo $((e-s)) >&2; \
         echo; read go; {source}"
    );
    let mut running = user.world.script(&script).holding_stdin().counting_stdout().start();
    while running.stdout_bytes() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let started = Instant::now();
    running.write(b"\n");
    while running.stdout_bytes() < STREAMED {
        std::thread::sleep(Duration::from_millis(1));
    }
    let took = started.elapsed();
    let pipe = running.end().succeeds().stderr.trim().parse().unwrap();
    (took, Duration::from_nanos(pipe))
}
