//! A command's stdout beside the raw channel, and beside what a pipe carries in the guest.

use crate::raw::RawMachine;
use crate::table::{Table, median};
use crate::user::User;
use std::time::{Duration, Instant};

const STREAMED: u64 = 64 << 20;

/// A command's stdout is a pipe in the guest, read by the agent and sent over the channel: it is
/// compared with what a pipe carries there when nobody sends anything.
pub(crate) fn measure(user: &User, table: &mut Table) {
    let raw = RawMachine::new(user);
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
