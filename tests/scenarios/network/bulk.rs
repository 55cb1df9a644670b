//! Much at once: as fast as it goes, in memory that does not grow with it.

use super::program;
use scenarios::{Peer, World, descendants, much, peak_kib};
use std::time::Duration;

/// What the keeper of a machine has at rest is below 12 MiB; two windows and the channel's buffers come to
/// it.
const MOST_KIB: u64 = 24 << 10;

#[test]
fn two_hundred_megabytes_down_and_up_pass_in_constant_memory() {
    let world = World::new();
    let peer = Peer::without_files();
    let bytes = much(200_000_000);
    let body = format!(
        r#"
        my $s = dial($host, $port); print $s "down {bytes}\n"; print slurp($s), "\n";
        $s = dial($host, $port); print $s "up\n"; my ($left, $piece) = ({bytes}, 'x' x 65536);
        while ($left > 0) {{ my $n = syswrite($s, $piece, $left < 65536 ? $left : 65536) or die $!; $left -= $n }}
        shutdown $s, 1; print scalar <$s>; sleep 60
        "#
    );
    let options = ["--allow-net", "127.0.0.0/8", "--timeout-seconds", "250"];
    let words = ["perl", "-e", &program(peer.port, &body)];
    let running = world.run_with(&options, &words).within(Duration::from_secs(280)).start();
    running.prints(&format!("{bytes}\n{bytes}"));
    let shim = descendants().into_iter().find(scenarios::Process::is_shim).unwrap();
    let peak = peak_kib(shim.pid).unwrap();
    assert!(peak < MOST_KIB, "the keeper of the machine needed {peak} KiB");
    running.signal(scenarios::Signal::INT);
    let _ = running.end();
}
