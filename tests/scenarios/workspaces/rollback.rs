//! Everything in a workspace is reversible, and the disk of one that does not run can be looked into.

use super::seed;
use scenarios::{Process, Signal, Workspace, World, descendants};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

#[test]
fn everything_that_was_destroyed_comes_back_and_the_disk_can_be_taken_away() {
    let world = World::new();
    let original = seed::directory(&world);
    // locks and facts about the host stay, once
    world.workspace(&[]).delete();
    let before = world.files();
    let workspace = world.workspace(&["--seed-path", original.to_str().unwrap()]);
    let edit = "echo edited >> README.md; rm logo.bin; ln -s README.md new
        printf '#!/bin/sh\\necho tool' > /usr/local/bin/tool; chmod +x /usr/local/bin/tool";
    let _ = workspace.script(edit).succeeds();
    let patch = workspace.call(&["diff"], &[]).succeeds().stdout;

    let taken = workspace.json(&["snapshot", "create"], &["good"]);
    let expected = json!({"workspace_id": workspace.id, "snapshot_name": "good", "kind": "named",
        "created_at": taken["created_at"], "entry_count": entries(&workspace),
        "bytes_written": taken["bytes_written"], "consistency": "filesystem", "deletable": true});
    assert_eq!(taken, expected);
    let again = workspace.call(&["snapshot", "create"], &["good", "--json"]).outcome().exits(2);
    assert_eq!(again.json()["code"], "snapshot_exists");

    let _ = workspace.script("rm -rf /workspace/* /usr /etc /var 2> /dev/null").outcome();
    let _ = workspace.exec(&["true"]).outcome().exits(125).complains("error: ");
    let reset = workspace.json(&["reset"], &["--snapshot", "good"]);
    assert_eq!(reset["workspace_reset"]["snapshot_name"], "good");
    assert_eq!(reset["workspace_reset"]["entry_count"], taken["entry_count"]);
    assert_eq!((&reset["reset_count"], &reset["command_count"]), (&json!(1), &json!(0)));
    assert_eq!(workspace.exec(&["tool"]).succeeds().text(), "tool");
    assert_eq!(workspace.call(&["diff"], &[]).succeeds().stdout, patch, "still from the baseline");

    let image = world.home().join("image.ext4");
    disk_of_a_stopped_one(&workspace, &image);
    let _ = fs::remove_file(image);

    assert_eq!(workspace.json(&["start"], &[])["state"], "started");
    assert_eq!(workspace.exec(&["tail", "-n1", "README.md"]).succeeds().text(), "edited");
    assert_eq!(names(&workspace), ["baseline", "good"]);
    let deleted = workspace.json(&["snapshot", "delete"], &["good"]);
    assert_eq!(deleted["deleted"], true);
    let gone = workspace.call(&["reset"], &["--snapshot", "good", "--json"]).outcome().exits(1);
    assert_eq!(gone.json()["code"], "no_snapshot");
    let kept = workspace.call(&["snapshot", "delete"], &["baseline", "--json"]).outcome().exits(2);
    assert_eq!(kept.json()["code"], "baseline_is_kept");
    let _ = workspace.call(&["snapshot", "create"], &["again"]).succeeds();
    workspace.delete();
    world.assert_clean();
    assert_eq!(world.files(), before, "no snapshot outlives its workspace");
}

fn disk_of_a_stopped_one(workspace: &Workspace<'_>, image: &Path) {
    let running = workspace.call(&["disk", "list"], &["--json"]).outcome().exits(2).json();
    assert_eq!(running["code"], "workspace_not_stopped");
    assert!(running["hints"][0].as_str().unwrap().contains("stop "), "{running}");
    let live = workspace.call(&["file", "list"], &["--recursive"]).succeeds().stdout;
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let dead = workspace.call(&["disk", "list"], &["--recursive"]).succeeds().stdout;
    assert_eq!(String::from_utf8_lossy(&dead), String::from_utf8_lossy(&live));
    let read = |rest: &[&str]| workspace.call(&["disk", "read"], rest);
    assert_eq!(read(&["README.md"]).succeeds().text(), "# A seed\n\nwith two lines\nedited");
    let part = read(&["README.md", "--max-bytes", "3", "--offset", "2"]).succeeds();
    assert_eq!(part.complains("--offset 5 reads on").text(), "A s");
    for (path, code) in [
        ("nonesuch", "path_not_found"),
        ("src", "wrong_kind_of_path"),
        ("link", "wrong_kind_of_path"),
        ("/etc/passwd", "bad_path"),
    ] {
        assert_eq!(read(&[path, "--json"]).outcome().json()["code"], code, "{path}");
    }
    let output = ["--output", image.to_str().unwrap()];
    let exported = workspace.json(&["disk", "export"], &output);
    assert_eq!((&exported["disk_format"], &exported["is_clean"]), (&json!("ext4"), &json!(true)));
    let facts = fs::metadata(image).unwrap();
    assert_eq!((facts.len(), facts.permissions().mode() & 0o777), (8 << 30, 0o600));
    assert_eq!(facts.blocks() * 512, exported["bytes_written"].as_u64().unwrap());
    assert_sound(image);
    let _ = workspace.call(&["disk", "export"], &output).outcome().exits(2).complains("exists");
}

#[test]
fn after_a_kill_the_disk_shows_what_was_acknowledged() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let running = workspace.script("echo kept > kept; sync kept; echo begun; sleep 600").start();
    running.prints("begun");
    let _ = workspace.call(&["file", "write"], &["written", "--text", "by us"]).succeeds();
    running.process(Process::is_vmm).signal(Signal::KILL);
    let _ = running.end().exits(125);
    no_machine();
    for (file, content) in [("kept", "kept"), ("written", "by us")] {
        assert_eq!(workspace.call(&["disk", "read"], &[file]).succeeds().text(), content);
    }
    let taken = workspace.json(&["snapshot", "create"], &["wreck"]);
    assert_eq!((&taken["consistency"], &taken["entry_count"]), (&json!("crash"), &json!(2)));

    let image = world.home().join("wreck.ext4");
    let output = ["--output", image.to_str().unwrap()];
    let said = workspace.call(&["disk", "export"], &output).succeeds();
    let _ = said.complains("was not stopped cleanly");
    let repaired = e2fsck("-fp", &image);
    assert!(repaired.status.code().unwrap() <= 1, "{}", String::from_utf8_lossy(&repaired.stdout));
    assert_sound(&image);

    let _ = workspace.script("rm kept written").succeeds().complains("was started again");
    let _ = workspace.call(&["reset"], &["--snapshot", "wreck"]).succeeds();
    assert_eq!(workspace.script("cat kept written").succeeds().text(), "kept\nby us");
    workspace.delete();
    world.assert_clean();
}

/// `FITHAW` of `linux/fs.h`.
const THAW_AGAIN_AND_AGAIN: &str =
    "open(F, '<', '/workspace') or die; while (1) { ioctl(F, 0xC0045878, 0) }";

#[test]
fn a_guest_that_thaws_itself_gets_a_snapshot_that_says_what_it_is() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let write = "while :; do echo x >> log; sync log; done";
    let writing = workspace.exec_with(&["--detach"], &["sh", "-c", write]).succeeds();
    let thawing = workspace.exec_with(&["--detach"], &["perl", "-e", THAW_AGAIN_AND_AGAIN]);
    let thawing = thawing.succeeds();
    let _ = workspace.script("until grep -q x log; do sleep 0.1; done").succeeds();
    for name in ["one", "two", "three"] {
        let taken = workspace.json(&["snapshot", "create"], &[name]);
        let disk = workspace.directory().join("snapshots").join(name).join("disk");
        let facts = Command::new("/sbin/dumpe2fs").arg("-h").arg(&disk).output().unwrap();
        let facts = String::from_utf8(facts.stdout).unwrap();
        let in_order = !facts.contains("needs_recovery");
        let said = if in_order { "filesystem" } else { "crash" };
        assert_eq!(taken["consistency"], said, "{facts}");
        if in_order {
            assert_sound(&disk);
        }
    }
    for command in [writing, thawing] {
        let _ = world.pyro(&["workspace", "exec-stop", command.text()]).succeeds();
    }
    let _ = workspace.call(&["reset"], &["--snapshot", "three"]).succeeds();
    let _ = workspace.script("grep -q x log && echo y >> log && sync log").succeeds();
    workspace.delete();
    world.assert_clean();
}

fn names(workspace: &Workspace<'_>) -> Vec<String> {
    let listed = workspace.json(&["snapshot", "list"], &[]);
    let snapshots = listed["snapshots"].as_array().unwrap();
    assert_eq!(listed["count"], snapshots.len());
    snapshots.iter().map(|one| one["snapshot_name"].as_str().unwrap().to_owned()).collect()
}

fn entries(workspace: &Workspace<'_>) -> Value {
    let count = workspace.script("find . -mindepth 1 | wc -l").succeeds();
    json!(count.text().parse::<u64>().unwrap())
}

fn assert_sound(image: &Path) {
    let check = e2fsck("-fn", image);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}

fn e2fsck(how: &str, image: &Path) -> Output {
    Command::new("/sbin/e2fsck").arg(how).arg(image).output().unwrap()
}

fn no_machine() {
    let deadline = Instant::now() + Duration::from_secs(8);
    while descendants().iter().any(|process| process.is_vmm() || process.is_shim()) {
        assert!(Instant::now() < deadline, "{:#?}", descendants());
        std::thread::sleep(Duration::from_millis(50));
    }
}
