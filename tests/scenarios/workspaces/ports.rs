//! Published ports: a service of a guest on this host's loopback, and nowhere else.

use scenarios::{Process, Signal, Workspace, World, descendants};
use std::fs;
use std::io::{Read, Result, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

#[test]
fn a_published_port_is_reached_from_this_host_alone_and_free_when_its_service_is_gone() {
    let world = World::new();
    let workspace = world.workspace(&["--network-policy", "egress+published-ports"]);
    // a server on ::1 alone, under a port that is chosen
    let options = ["--ready-tcp", "localhost:8000", "--publish", "8000", "--json"];
    let web = workspace.web("web", &options, ["::1", "8000"], &["200"]).succeeds().json();
    let published = &web["published_ports"][0];
    assert_eq!((&published["host"], &published["guest_port"]), (&"127.0.0.1".into(), &8000.into()));
    let port = u16::try_from(published["host_port"].as_u64().unwrap()).unwrap();
    assert!(get(port).unwrap().ends_with("\r\n\r\nhello\n"));
    assert_eq!(listeners(port), ["0100007F"], "127.0.0.1 and nothing else");

    // whoever wants the same one is told who has it
    let taken = format!("{port}:8001");
    let other = workspace.service("other", &["--publish", &taken], &["sleep", "600"]);
    let _ = other.outcome().exits(1).complains(&format!("\"web\" of {}", workspace.id));

    // free after a stop
    let _ = workspace.call(&["service", "stop"], &["web"]).succeeds();
    assert!(is_free(port) && get(port).is_err());

    // after the death of the shim, which the next command tells
    let again = |statuses: &[&str]| {
        let publish = format!("{port}:8000");
        let options = ["--ready-tcp", "localhost:8000", "--publish", &publish];
        let _ = workspace.web("web", &options, ["0.0.0.0", "8000"], statuses).succeeds();
        assert!(get(port).unwrap().starts_with("HTTP/1.1 200"));
    };
    again(&["200"]);
    let shim = || descendants().into_iter().find(Process::is_shim);
    shim().unwrap().signal(Signal::KILL);
    while shim().is_some() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = workspace.exec(&["true"]).succeeds().complains("was started again");
    assert!(is_free(port));
    assert_eq!(state(&workspace), "stopped");

    // and after the service's own end, whatever its workspace does then
    again(&["200"]);
    let _ = workspace.call(&["update"], &["--ttl-seconds", "1"]).succeeds();
    let pid = workspace.json(&["service", "status"], &["web"])["pid"].to_string();
    let _ = workspace.exec(&["kill", &pid]).succeeds();
    let deadline = Instant::now() + Duration::from_secs(20);
    while workspace.json(&["status"], &[])["state"] != "expired" {
        assert!(Instant::now() < deadline, "it does not expire");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(is_free(port));
    assert_eq!(state(&workspace), "exited");
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_workspace_that_publishes_nothing_says_how_one_would() {
    let world = World::new();
    let workspace = world.workspace(&["--network-policy", "egress"]);
    let refused = workspace.service("web", &["--publish", "8000"], &["sleep", "600"]);
    let _ = refused.outcome().exits(1).complains("egress+published-ports");
    assert_eq!(workspace.json(&["service", "list"], &[])["count"], 0);
    for bad in ["0.0.0.0:80:80", "70000", "http"] {
        let wrong = workspace.service("web", &["--publish", bad], &["sleep", "600"]);
        let _ = wrong.outcome().exits(2);
    }
    workspace.delete();
    world.assert_clean();
}

fn state(workspace: &Workspace<'_>) -> String {
    workspace.json(&["service", "status"], &["web"])["state"].as_str().unwrap().to_owned()
}

/// What a server on this host's loopback answers.
fn get(port: u16) -> Result<String> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    server.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    server.read_to_string(&mut answer).map(|_| answer)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The addresses of this host on which somebody listens on a port, as proc_net(5) writes them: state 0A.
fn listeners(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    let place = format!(":{port:04X}");
    let lines = tables.iter().flat_map(|table| table.lines());
    lines
        .filter_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let (local, state) = (fields.next()?, fields.nth(1)?);
            Some(local.strip_suffix(&place)?.to_owned()).filter(|_| state == "0A")
        })
        .collect()
}
