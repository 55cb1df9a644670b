//! The guest takes for its own what the host has written onto the disk before there is a machine.

use scenarios::{Signal, World};
use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Enough for a directory with an index of many blocks.
const NAMES: usize = 1500;

#[test]
fn the_guest_reads_changes_and_deletes_what_the_host_has_written() {
    let world = World::new();
    let seed = world.home().join("seed");
    make(&seed);
    let workspace = world.workspace(&["--seed-path", seed.to_str().unwrap()]);

    let facts = "ls many | wc -l; cat many/name-* | sort -n | sed -n '1p;$p'
        test -e many/name-1499; test ! -e many/name-1500
        sha256sum < noise; stat -c '%s %u %g' noise sparse; readlink long | wc -c
        stat -c '%h %a %Y' one; cmp one two
        test $(stat -c %b sparse) -lt 1000; tail -c 6 sparse";
    let found = workspace.script(&format!("set -e; {facts}")).succeeds();
    let noise = fs::File::open(seed.join("noise")).unwrap();
    let sum = Command::new("sha256sum").stdin(noise).output().unwrap().stdout;
    let sum = String::from_utf8(sum).unwrap();
    let expected = format!(
        "{NAMES}\n0\n1499\n{}\n3000001 0 0\n67108870 0 0\n301\n1 640 1600000000\nisland",
        sum.trim()
    );
    assert_eq!(found.text(), expected);
    let _ = workspace.call(&["diff"], &[]).succeeds().complains("nothing has changed");

    let work = "set -e; cd many; rm name-*[02468]; for n in $(seq 100); do echo new > new-$n; done
        mkdir below; mv name-1 below/moved; cd ..; echo more >> noise; echo x > sparse; rm one long
        sync; ls many | wc -l; cat many/below/moved; rm -r many; sync
        ! dmesg | grep -iE 'ext4.*(error|warning|corrupt)'";
    assert_eq!(workspace.script(work).succeeds().text(), format!("{}\n1", NAMES / 2 + 100));
    let summary = workspace.json(&["diff"], &["--stat"])["summary"].clone();
    let counts = ["added", "modified", "deleted"].map(|what| summary[what].as_u64());
    assert_eq!(counts, [Some(0), Some(2), Some(NAMES as u64 + 3)], "{summary}");
    workspace.delete();
    world.assert_clean();
}

fn make(seed: &Path) {
    fs::create_dir_all(seed.join("many")).unwrap();
    for number in 0..NAMES {
        fs::write(seed.join(format!("many/name-{number}")), format!("{number}\n")).unwrap();
    }
    let noise: Vec<u8> = (0..=250).cycle().take(3_000_001).collect();
    fs::write(seed.join("noise"), noise).unwrap();
    let sparse = fs::File::create(seed.join("sparse")).unwrap();
    sparse.write_all_at(b"island", 64 << 20).unwrap();
    symlink("t".repeat(300), seed.join("long")).unwrap();
    for name in ["one", "two"] {
        fs::write(seed.join(name), "the same").unwrap();
    }
    let one = fs::File::open(seed.join("one")).unwrap();
    one.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    one.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000)).unwrap();
}

#[test]
fn a_creation_that_ends_while_its_disk_is_filled_leaves_nothing() {
    let world = World::new();
    let seed = world.home().join("seed");
    fs::create_dir(&seed).unwrap();
    // holes are read and counted like everything else, and cost no room
    fs::File::create(seed.join("hole")).unwrap().set_len(15 << 30).unwrap();
    for signal in [Signal::INT, Signal::KILL] {
        let words = ["workspace", "create", "--seed-path", seed.to_str().unwrap()];
        let running = world.pyro(&words).start();
        let deadline = Instant::now() + Duration::from_secs(20);
        let has_disk = || world.workspaces().iter().any(|path| path.join("disk").exists());
        while !has_disk() {
            assert!(Instant::now() < deadline, "no disk is made");
            std::thread::sleep(Duration::from_millis(5));
        }
        running.signal(signal);
        let _ = running.end().exits(128 + signal.as_raw());
        let left = world.pyro(&["workspace", "list", "--json"]).succeeds().json();
        assert_eq!(left["count"], 0, "{left}");
        assert_eq!(world.workspaces(), [""; 0].map(std::path::PathBuf::from));
        world.assert_clean();
    }
}
