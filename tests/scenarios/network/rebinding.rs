//! A name that leads elsewhere each time it is asked for. The scenario is alone with its name server in a network
//! namespace of its own, where that server also keeps what nobody may reach by such a name.

use super::CLIENT;
use scenarios::World;
use std::fs;
use std::time::Duration;

const NAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rebinding-names");
/// Connections that are tried: several rounds of everything that the name leads to.
const TRIES: usize = 36;

#[test]
fn a_name_that_changes_where_it_leads_is_judged_by_where_it_leads_now() {
    let names = tempfile::tempdir().unwrap();
    let world = World::new().on_a_host(&["--alone-with", NAMES, names.path().to_str().unwrap()]);
    let body = format!(
        r#"{CLIENT}
        sub told {{ my ($host) = @_;
            my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => 8080, Proto => 'tcp');
            my $line = $s && <$s>; return $line ? 'reached' : 'kept out' }}
        my %came; $came{{told('rebind.example')}}++ for 1 .. {TRIES};
        print join(', ', map {{ "$_ $came{{$_}} times" }} sort keys %came), "\n";
        # the server is there, for those who may reach it
        print told('host.pyro.internal'), "\n";
        "#
    );
    let allowed = ["rebind.example:8080", "host.pyro.internal:8080"];
    let options = ["--network", "--json", "--timeout-seconds", "100"];
    let options =
        [&options[..], &["--allow-host", allowed[0], "--allow-host", allowed[1]]].concat();
    let run = world.run_with(&options, &["perl", "-e", &body]).within(Duration::from_secs(120));
    let report = run.outcome().json();
    assert_eq!(report["stdout"], format!("kept out {TRIES} times\nreached\n"), "{report}");

    // each answer was given, and most of them several times
    let said = fs::read_to_string(names.path().join("said")).unwrap();
    assert_eq!(said.lines().filter(|line| *line == "visited").count(), 1, "{said}");
    let asked = |to: &str| said.lines().filter(|line| *line == format!("asked {to}")).count();
    for to in ["127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "::ffff:127.0.0.1", "203.0.113.7"]
    {
        assert!(asked(to) > 1, "{to}: {said}");
    }
    let refused = &report["refused_connections"][0];
    assert_eq!((&refused["host"], &refused["port"]), (&"rebind.example".into(), &8080.into()));
    world.assert_clean();
}
