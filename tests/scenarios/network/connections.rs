//! Connections as programs know them: many at once, half closed, broken, slow, idle, short.

use super::program;
use scenarios::{Peer, World, descendants, often, silence};
use std::fs;
use std::time::Duration;

#[test]
fn every_way_in_which_a_connection_can_end_arrives_as_it_is() {
    let world = World::new();
    let peer = Peer::without_files();
    let body = r#"
        # the client closes its half first, and still hears the answer
        my $s = dial($host, $port); print $s "up\n", 'x' x 100000; shutdown $s, 1;
        print 'half-closed: ', scalar(<$s>);
        # the server closes first
        $s = dial($host, $port); print $s "down 100000\n"; print 'ended: ', slurp($s), "\n";
        # what breaks does not look complete
        $s = dial($host, $port); print $s "break 10000\n"; print 'broken: ', slurp($s), "\n";
        # a line, a long silence, a line
        $s = dial($host, $port); print $s "echo\none\n"; print 'idle: ', scalar(<$s>);
        # a reader that takes its time stops nobody else: the sender is held back
        my $slow = dial($host, $port); print $slow "down 20000000\n"; sleep 1;
        my $other = dial($host, $port); print $other "down 5000000\n";
        print 'beside a slow one: ', slurp($other), "\n";
        print 'the slow one: ', slurp($slow), "\n";
        # a writer to somebody who does not read is held back, and hears of the end
        my $mute = dial($host, $port); print $mute "mute 1500\n"; my ($sum, $n) = (0);
        $sum += $n while ($n = syswrite($mute, 'x' x 65536));
        print 'mute: ', $sum < 40000000 ? 'held back' : $sum, "\n";
        sleep 3; print $s "two\n"; print 'idle: ', scalar(<$s>);
        # nobody listens
        print 'refused: ', refusal($host, 1), "\n";
    "#;
    let options = ["--allow-net", "127.0.0.0/8", "--timeout-seconds", "120"];
    let words = ["perl", "-e", &program(peer.port, body)];
    let run = world.run_with(&options, &words).within(Duration::from_secs(150)).succeeds();
    let expected = "\
half-closed: 100000
ended: 100000
broken: 10000 then Connection reset by peer
idle: one
beside a slow one: 5000000
the slow one: 20000000
mute: held back
idle: two
refused: Connection reset by peer";
    assert_eq!(run.text(), expected);
    world.assert_clean();
}

#[test]
fn fifty_at_once_and_a_thousand_one_after_the_other_leave_nothing_behind() {
    let world = World::new();
    let peer = Peer::without_files();
    let workspace = world.workspace(&["--network-policy", "egress", "--allow-net", "127.0.0.0/8"]);
    let run = |body: &str| {
        let words = ["perl", "-e", &program(peer.port, body)];
        let call = workspace.exec_with(&["--timeout-seconds", "200"], &words);
        call.within(Duration::from_secs(220)).succeeds().text().to_owned()
    };
    let fifty = r#"
        my @all = map { my $s = dial($host, $port); print $s "up\n"; $s } 1 .. 50;
        for my $round (1 .. 4) { print $_ 'x' x 5000 for @all }
        shutdown $_, 1 for @all;
        my %said; $said{scalar <$_>}++ for @all;
        print map { "$said{$_} times $_" } keys %said;
    "#;
    assert_eq!(run(fifty), "50 times 20000");
    let before = shims_descriptors();
    let times = often(1000);
    let short = format!(
        r#"
        my $good = 0;
        for (1 .. {times}) {{
            my $s = dial($host, $port); print $s "down 100\n"; $good++ if slurp($s) eq '100'; close $s;
        }}
        print $good;
        "#
    );
    assert_eq!(run(&short), times.to_string());
    let after = shims_descriptors();
    assert!(after <= before, "{before} descriptors, and then {after}");
    let log = workspace.json(&["network", "log"], &[]);
    assert_eq!(log["count"], 50 + times, "every connection is in the log");
    workspace.delete();
    world.assert_clean();
}

/// Longer than the two minutes after which many a proxy and address translation forgets a connection.
#[test]
fn a_connection_that_says_nothing_for_minutes_is_still_there() {
    let world = World::new();
    let peer = Peer::without_files();
    let body = format!(
        r#"
        my $s = dial($host, $port); print $s "echo\none\n"; print 'before: ', scalar(<$s>);
        sleep {};
        print $s "two\n"; print 'after: ', scalar(<$s>);
        "#,
        silence(130)
    );
    let options = ["--allow-net", "127.0.0.0/8", "--timeout-seconds", "200"];
    let words = ["perl", "-e", &program(peer.port, &body)];
    let run = world.run_with(&options, &words).within(Duration::from_secs(220)).succeeds();
    assert_eq!(run.text(), "before: one\nafter: two");
    world.assert_clean();
}

fn shims_descriptors() -> usize {
    let shim = descendants().into_iter().find(scenarios::Process::is_shim).unwrap();
    fs::read_dir(format!("/proc/{}/fd", shim.pid)).unwrap().count()
}
