//! Writes that write less than they were asked to: what is written is whole all the same, whoever writes it.

use scenarios::{Process, Signal, World, descendants};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Starts a command line whose every write to a file is short, waits for its end, and counts them.
fn short(world: &World, words: &[&str]) -> usize {
    // not a child of the test's: whoever traces its own child is told of its end in its parent's place
    let parent = "sh -c 'kill -STOP $$; exec \"$@\"' sh \"$@\"; exit $?";
    let running = world.program(&[&["sh", "-c", parent, "sh", "{pyro}"], words].concat()).start();
    let stopped = running.process(|process| {
        process.words.get(2).is_some_and(|script| script.starts_with("kill -STOP"))
    });
    let writes = stopped.writes_half();
    stopped.signal(Signal::CONT);
    let _ = running.end().succeeds();
    writes.count()
}

#[test]
fn what_is_written_in_short_writes_is_whole() {
    let world = World::new();
    let workspace = world.workspace(&[]);
    let id = &*workspace.id;
    let shim = descendants().into_iter().find(Process::is_shim).unwrap();
    let shims = shim.writes_half();

    let _ = workspace.script("seq 30000 > numbers").succeeds();
    let mut writes = short(&world, &["workspace", "diff", id, "--output", "patch"]);
    let patch = workspace.call(&["diff"], &[]).succeeds();
    assert_eq!(fs::read(world.home().join("patch")).unwrap(), patch.stdout);

    // the shim's: the journal, and what a command prints
    let make = "head -c 600000 /dev/urandom > noise; base64 noise > text; head -c 100000 text; \
                echo; sha256sum noise";
    let printed = workspace.script(make).succeeds();
    let (text, sum) = printed.text().split_at(100_000);
    let logs = workspace.json(&["logs"], &[]);
    assert_eq!(logs["entries"][1]["exit_code"], 0, "{logs}");
    let read = world.pyro(&["workspace", "exec-read", &workspace.exec_id(2)]).succeeds();
    assert_eq!(read.text(), printed.text());

    // a front end's: exports, snapshots and disks
    let sum = sum.split_ascii_whitespace().next().unwrap();
    writes += short(&world, &["workspace", "export", id, ".", "--output", "out"]);
    assert_eq!(sha256(&world.home().join("out/noise")), sum);
    assert!(fs::read_to_string(world.home().join("out/text")).unwrap().starts_with(text));
    writes += short(&world, &["workspace", "export", id, "/etc/passwd", "--output", "passwd"]);
    let passwd = workspace.exec(&["cat", "/etc/passwd"]).succeeds();
    assert_eq!(fs::read(world.home().join("passwd")).unwrap(), passwd.stdout);
    writes += short(&world, &["workspace", "snapshot", "create", id, "whole"]);

    let _ = workspace.call(&["stop"], &[]).succeeds();
    let by_shim = shims.count();
    let status = workspace.json(&["status"], &[]);
    assert_eq!(status["state"], "stopped", "{status}");
    writes += short(&world, &["workspace", "disk", "export", id, "--output", "image"]);
    let (image, disk) = (world.home().join("image"), workspace.directory().join("disk"));
    assert!(Command::new("cmp").args([image, disk]).status().unwrap().success());
    let _ = workspace.call(&["reset"], &["--snapshot", "whole"]).succeeds();
    assert!(workspace.exec(&["sha256sum", "noise"]).succeeds().text().starts_with(sum));
    println!("short writes: {writes} of front ends, {by_shim} of a shim");
    assert!(writes > 100 && by_shim > 10, "{writes} {by_shim}");
    workspace.delete();
    world.assert_clean();
}

fn sha256(path: &Path) -> String {
    let digest = Sha256::digest(fs::read(path).unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
