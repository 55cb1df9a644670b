//! A network without a network card: what gets out of a guest, what does not, and who is told. Whom the
//! guests speak with are servers of the tests, on the loopback of the host that the tests run on.

mod attacks;
mod bulk;
mod clone;
mod connections;
mod inside;
mod policies;
mod rebinding;
pub(crate) mod registries;

/// Beginning of a Perl program with `dial(HOST, PORT)`, `slurp(SOCKET)` and `refusal(HOST, PORT)`, which may come
/// while a program connects or right after: the guests have no other client
/// that can do what is needed here.
const CLIENT: &str = r#"
use strict; use warnings; use IO::Socket::INET; $| = 1; $SIG{PIPE} = 'IGNORE';
sub dial { my ($host, $port) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp') or die "no: $!\n";
    $s->autoflush(1); return $s }
sub slurp { my ($s) = @_; my ($sum, $n, $b) = (0);
    $sum += $n while ($n = sysread($s, $b, 65536));
    return defined $n ? "$sum" : "$sum then $!" }
sub refusal { my ($host, $port) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Proto => 'tcp') or return "$!";
    return defined sysread($s, my $b, 1) ? 'none' : "$!" }
"#;

/// A Perl program as one argument of a shell, with the client's functions and the peer's port as `$port`.
fn program(port: u16, body: &str) -> String {
    format!("{CLIENT} my ($host, $port) = ('host.pyro.internal', {port}); {body}")
}
