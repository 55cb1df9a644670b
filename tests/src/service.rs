//! Services of a workspace as the command line has them, and a web server for them to be.

use crate::call::Call;
use crate::workspace::Workspace;

/// A web server in Perl, which the guests have: the address and the port that it listens on, and a status for
/// each request in its turn, the last one for all further ones. It says what it does.
pub const WEB_SERVER: &str = r#"
use strict; use warnings; use IO::Socket::IP; $| = 1; $SIG{PIPE} = 'IGNORE';
my ($host, $port, @status) = @ARGV;
my %place = (LocalHost => $host, LocalPort => $port, GetAddrInfoFlags => 0);
my $l = IO::Socket::IP->new(%place, Listen => 16, ReuseAddr => 1) or die "no: $@\n";
print "listening\n";
while (my $c = $l->accept) {
    while (<$c>) { last if /^\r?\n$/ }
    my $status = @status > 1 ? shift @status : $status[0];
    print "answered $status\n";
    print $c "HTTP/1.1 $status X\r\nContent-Length: 6\r\nLocation: /elsewhere\r\nConnection: close\r\n\r\nhello\n";
    close $c;
}
"#;

impl Workspace<'_> {
    /// `pyro workspace service start ID NAME OPTIONS… -- WORDS…`
    #[must_use]
    pub fn service(&self, name: &str, options: &[&str], words: &[&str]) -> Call {
        self.call(&["service", "start"], &[&[name], options, &["--"], words].concat())
    }

    /// The same with the [`WEB_SERVER`] on an address and a port of the guest.
    #[must_use]
    pub fn web(&self, name: &str, options: &[&str], place: [&str; 2], statuses: &[&str]) -> Call {
        let words = [&["perl", "-e", WEB_SERVER], &place[..], statuses].concat();
        self.service(name, options, &words)
    }
}
