//! Commands that a workspace keeps running: when they are ready, what they say, how they end.

use scenarios::{Signal, World};
use std::time::{Duration, Instant};

#[test]
fn a_service_is_started_when_it_is_ready_and_not_before() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    // over HTTP, on ::1 alone, which flaps before it is there
    let options =
        ["--ready-http", "http://localhost:8000/", "--ready-interval-ms", "100", "--json"];
    let web = workspace.web("web", &options, ["::1", "8000"], &["500", "500", "302", "500"]);
    let web = web.succeeds().json();
    assert_eq!((&web["state"], &web["readiness"]["type"]), (&"running".into(), &"http".into()));
    assert!(web["ready_at"].is_u64() && web["pid"].is_u64(), "{web}");
    let logs = workspace.call(&["service", "logs"], &["web"]).succeeds();
    assert_eq!(logs.lines(), ["listening", "answered 500", "answered 500", "answered 302"]);

    // by a connection: to ::1 it is there, on 127.0.0.1 it never is
    let _ = workspace.service("v6", &["--ready-tcp", "[::1]:8000"], &["sleep", "600"]).succeeds();
    let options = ["--ready-tcp", "127.0.0.1:8000", "--ready-timeout-seconds", "4"];
    let never = workspace.service("v4", &options, &["sh", "-c", "echo one; sleep 600"]);
    let _ = never.outcome().exits(1).complains("not ready after 4 s").complains("one");

    // by a file, and by a command
    let script = "sleep 0.5; touch /tmp/ready; exec sleep 600";
    let options = ["--ready-file", "/tmp/ready", "--ready-interval-ms", "50"];
    let _ = workspace.service("file", &options, &["sh", "-c", script]).succeeds();
    let options = ["--ready-command", "test -e /tmp/ready"];
    let _ = workspace.service("command", &options, &["sleep", "600"]).succeeds();

    // one that ends is an error with its last words, and one of a name is enough
    let options = ["--ready-http", "http://localhost:1/"];
    let ends = workspace.service("ends", &options, &["sh", "-c", "echo no config >&2; exit 3"]);
    let _ = ends.outcome().exits(1).complains("exit code 3").complains("no config");
    let _ = workspace.service("web", &[], &["true"]).outcome().exits(2).complains("runs already");

    let list = workspace.json(&["service", "list"], &[]);
    let states: Vec<_> = list["services"].as_array().unwrap().iter().map(|s| &s["state"]).collect();
    assert_eq!(states, ["running", "failed", "running", "failed", "running", "running"]);
    let status = workspace.json(&["status"], &[]);
    assert_eq!(
        (&status["service_count"], &status["running_service_count"]),
        (&6.into(), &4.into())
    );
    assert_eq!(workspace.json(&["diff"], &[])["changed"], false);

    // with the machine all of them end, and are told; a reset forgets them
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let web = workspace.json(&["service", "status"], &["web"]);
    assert_eq!((&web["state"], &web["stop_reason"]), (&"stopped".into(), &"machine_ended".into()));
    let _ = workspace.call(&["reset"], &[]).succeeds();
    assert_eq!(workspace.json(&["service", "list"], &[])["count"], 0);
    workspace.delete();
    world.assert_clean();
}

#[test]
fn a_service_outlives_whoever_started_it_and_ends_with_all_that_it_started() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    // killed before it is ready, which the service never notices
    let script = "echo begun; sleep 600 & setsid sleep 600 & (trap '' TERM; setsid sleep 600) & \
                  until test -e go; do sleep 0.1; done; seq 1000; echo odd >&2; wait";
    let options = ["--ready-file", "go"];
    let starting = workspace.service("tree", &options, &["sh", "-c", script]).start();
    let following = || workspace.call(&["service", "logs"], &["tree", "--follow"]).start();
    let deadline = Instant::now() + Duration::from_secs(20);
    while workspace.call(&["service", "status"], &["tree"]).outcome().code() != 0 {
        assert!(Instant::now() < deadline, "it does not begin");
    }
    starting.signal(Signal::KILL);
    let _ = starting.end().exits(128 + 9);
    let follower = following();
    follower.prints("begun");
    let _ = workspace.exec(&["touch", "go"]).succeeds();
    follower.prints("\n1000\n");

    // its time to live does not count as long as it runs
    let _ = workspace.call(&["update"], &["--ttl-seconds", "2"]).succeeds();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(workspace.json(&["status"], &[])["state"], "started");
    assert_eq!(workspace.json(&["service", "status"], &["tree"])["state"], "running");
    let stopped = workspace.json(&["service", "stop"], &["tree"]);
    assert_eq!(
        (&stopped["state"], &stopped["stop_reason"]),
        (&"stopped".into(), &"sigterm".into())
    );
    let _ = follower.end().succeeds();
    let left = workspace.script("cat /proc/[0-9]*/comm | grep -c sleep").outcome().exits(1);
    assert_eq!(left.text(), "0");

    // it expires now; what it wrote is still there
    let deadline = Instant::now() + Duration::from_secs(20);
    while workspace.json(&["status"], &[])["state"] != "expired" {
        assert!(Instant::now() < deadline, "it does not expire");
        std::thread::sleep(Duration::from_millis(200));
    }
    let logs = |rest: &[&str]| workspace.call(&["service", "logs"], &[&["tree"], rest].concat());
    let end = logs(&["--tail-lines", "2"]).succeeds();
    assert_eq!((end.text(), &*end.stderr), ("1000", "odd\n"));
    assert_eq!(logs(&["--all"]).succeeds().lines().len(), 1001);
    let tail = workspace.json(&["service", "logs"], &["tree", "--tail-lines", "2"]);
    assert_eq!((&tail["stdout"], &tail["stderr"]), (&"1000\n".into(), &"odd\n".into()));
    assert_eq!((&tail["truncated"], &tail["tail_lines"]), (&true.into(), &2.into()));
    workspace.delete();
    world.assert_clean();
}
