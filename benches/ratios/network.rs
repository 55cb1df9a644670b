//! A connection of a guest beside the raw channel that carries it: how fast, and at what cost of the
//! host's processors.

use crate::raw::RawMachine;
use crate::table::{Table, median};
use crate::user::User;
use scenarios::{Peer, Process, Running, descendants};
use std::time::{Duration, Instant};

const BYTES: u64 = 200_000_000;
const ROUNDS: usize = 3;

/// Waits for a word, moves the bytes, says so.
const CLIENT: &str = r#"
use strict; use IO::Socket::INET; $| = 1;
my ($port, $count) = @ARGV; my $piece = 'x' x 65536;
print "ready\n";
while (my $word = <STDIN>) {
    my $s = IO::Socket::INET->new(PeerAddr => 'host.pyro.internal', PeerPort => $port) or die $!;
    $s->autoflush(1); my ($left, $n, $b) = ($count);
    if ($word =~ /down/) { print $s "down $count\n"; $left -= $n while ($n = sysread($s, $b, 65536)) }
    else { print $s "up\n";
        $left -= syswrite($s, $piece, $left < 65536 ? $left : 65536) while ($left > 0);
        shutdown $s, 1; <$s> }
    print "done $left\n"
}"#;

/// What one direction took.
struct Taken {
    wall: f64,
    vmm: f64,
    shim: f64,
}

pub(crate) fn measure(user: &User, table: &mut Table) {
    let raw = RawMachine::new(user);
    let peer = Peer::without_files();
    let (port, count) = (peer.port.to_string(), BYTES.to_string());
    let options = ["--allow-net", "127.0.0.0/8", "--timeout-seconds", "600"];
    let words = ["perl", "-e", CLIENT, &port, &count];
    let call = user.world.run_with(&options, &words).holding_stdin();
    let mut running = call.within(Duration::from_secs(600)).start();
    running.prints("ready");
    let mut channels = [Vec::new(), Vec::new()];
    let mut taken: [Vec<Taken>; 2] = [Vec::new(), Vec::new()];
    for round in 1..=ROUNDS {
        let mut machine = raw.boot();
        channels[0].push(rate(machine.receive(BYTES).as_secs_f64()));
        channels[1].push(rate(machine.send(BYTES).as_secs_f64()));
        machine.end();
        taken[0].push(moved(&mut running, "down", 2 * round - 1));
        taken[1].push(moved(&mut running, "up", 2 * round));
    }
    let _ = running.end();
    for ((name, channel), taken) in ["download", "upload"].iter().zip(channels).zip(taken) {
        let ours = median(taken.iter().map(|one| rate(one.wall)).collect());
        let channel = median(channel);
        let show = |rate: f64| format!("{rate:.0} MiB/s");
        let what = format!("{name} of 200 MB / raw channel");
        table.comparison(&what, show(ours), show(channel), ours / channel);
        let seconds =
            |of: fn(&Taken) -> f64| format!("{:.2} s", median(taken.iter().map(of).collect()));
        table.note(
            "  CPU of the keeper, and of the machine",
            seconds(|t| t.shim),
            seconds(|t| t.vmm),
        );
    }
}

fn moved(running: &mut Running, word: &str, times: usize) -> Taken {
    let [shim, vmm] = [Process::is_shim, Process::is_vmm]
        .map(|is| descendants().into_iter().find(is).expect("a machine that runs").pid);
    let before = [cpu(shim), cpu(vmm)];
    let started = Instant::now();
    running.write(format!("{word}\n").as_bytes());
    running.prints(&format!("ready\n{}", "done 0\n".repeat(times)));
    let wall = started.elapsed().as_secs_f64();
    Taken { wall, shim: cpu(shim) - before[0], vmm: cpu(vmm) - before[1] }
}

fn rate(seconds: f64) -> f64 {
    BYTES as f64 / f64::from(1 << 20) / seconds
}

/// `utime` and `stime` of all its threads, in seconds: fields 14 and 15 of proc_pid_stat(5).
fn cpu(pid: i32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace();
    let ticks: f64 = fields.skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}
