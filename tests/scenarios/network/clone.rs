//! The first thing that anybody does with a network.

use scenarios::{Peer, World};
use std::path::Path;
use std::process::Command;

#[test]
fn git_clones_over_http_from_a_server_that_is_allowed() {
    let world = World::new();
    let place = tempfile::tempdir().unwrap();
    make_repository(place.path());
    let peer = Peer::start(place.path().to_owned());
    let url = format!("http://{}/tool.git", peer.name());
    let script = format!("git clone -q {url} tool && cat tool/greeting && ls -s tool/large");
    let run = world.run_with(&["--allow-host", &peer.name()], &["sh", "-c", &script]).succeeds();
    assert!(run.text().starts_with("hello\n"), "{}", run.text());
    assert!(peer.said().iter().any(|line| line.starts_with("GET /tool.git/info/refs")));

    // off: at once and in words; a list without it: the same, and why
    let clone = ["sh", "-c", &format!("git clone {url} tool")];
    let _ = world.run(&clone).outcome().exits(128).complains("Could not resolve host");
    let _ = world
        .run_with(&["--allow-host", "a.example"], &clone)
        .outcome()
        .exits(128)
        .complains("host.pyro.internal was refused");
    world.assert_clean();
}

/// A repository as a plain web server can give it away.
fn make_repository(place: &Path) {
    let script = "
        git init -q work && cd work && echo hello > greeting
        head -c 2000000 /dev/urandom > large
        git add . && git -c user.name=t -c user.email=t@example.org commit -q -m first
        git clone -q --bare . ../tool.git && git -C ../tool.git update-server-info";
    let done = Command::new("sh").args(["-ec", script]).current_dir(place).status().unwrap();
    assert!(done.success());
}
