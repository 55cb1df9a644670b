//! A workspace that nobody uses stops, and starts again when somebody does.

use scenarios::World;
use std::time::{Duration, Instant};

#[test]
fn it_stops_when_idle_and_the_next_call_starts_it_again_and_says_so() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let _ = workspace.script("echo kept > kept").succeeds();
    let _ = workspace.call(&["update"], &["--ttl-seconds", "2"]).succeeds();
    // a command that runs is activity, however long
    let busy = workspace.exec(&["sleep", "5"]).succeeds();
    assert!(busy.stderr.contains(" expires in "), "{}", busy.stderr);
    let deadline = Instant::now() + Duration::from_secs(20);
    while workspace.json(&["status"], &[])["state"] != "expired" {
        assert!(Instant::now() < deadline, "it does not expire");
        std::thread::sleep(Duration::from_millis(200));
    }
    world.assert_no_process();
    let logs = workspace.json(&["logs"], &[]);
    assert_eq!(logs["count"], 2, "looking starts nothing");
    assert_eq!(workspace.json(&["status"], &[])["state"], "expired");
    let back = workspace.exec(&["cat", "kept"]).succeeds().complains("was started again");
    assert_eq!(back.text(), "kept");
    let report = workspace.json(&["exec"], &["--", "true"]);
    assert!(report["expires_in_seconds"].as_u64().unwrap() <= 2, "{report}");
    workspace.delete();
    world.assert_clean();
}
