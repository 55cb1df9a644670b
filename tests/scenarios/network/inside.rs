//! What stays inside a guest is as it was: its own servers, its own loopback, its own names.

use super::program;
use scenarios::World;

#[test]
fn servers_in_the_guest_work_as_without_a_network() {
    let world = World::new();
    let body = r#"
        my $any = IO::Socket::INET->new(Listen => 5, LocalAddr => '0.0.0.0', LocalPort => 8080, ReuseAddr => 1) or die $!;
        my $own = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => 9090, ReuseAddr => 1) or die $!;
        if (!fork) { while (my $c = $any->accept) { print $c 'any from ', $c->peerhost, "\n"; close $c } exit }
        if (!fork) { while (my $c = $own->accept) { print $c "own\n"; close $c } exit }
        for my $to (['127.0.0.1', 8080], ['198.18.0.1', 8080], ['localhost', 8080], ['127.0.0.1', 9090]) {
            print "$to->[0]:$to->[1] ", scalar readline dial(@$to);
        }
        # a server on every address does not catch what leaves the machine
        print 'far away: ', refusal('203.0.113.7', 8080), "\n";
        # and an unused port answers at once
        for my $to ('127.0.0.1', '198.18.0.1') {
            my $s = IO::Socket::INET->new(PeerAddr => $to, PeerPort => 7) and die; print "unused: $!\n";
        }
        my $udp = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1') or die $!;
        my $to = IO::Socket::INET->new(Proto => 'udp', PeerAddr => '127.0.0.1', PeerPort => $udp->sockport) or die $!;
        $to->send('datagram'); $udp->recv(my $got, 100); print "$got\n";
        kill 9, 0;
    "#;
    let words = ["perl", "-e", &program(0, body)];
    let run = world.run_with(&["--allow-host", "a.example"], &words).outcome();
    let expected = "\
127.0.0.1:8080 any from 127.0.0.1
198.18.0.1:8080 any from 198.18.0.1
localhost:8080 any from 127.0.0.1
127.0.0.1:9090 own
far away: Connection reset by peer
unused: Connection refused
unused: Connection refused
datagram";
    assert_eq!(run.text(), expected, "{}", run.stderr);
    world.assert_clean();
}
