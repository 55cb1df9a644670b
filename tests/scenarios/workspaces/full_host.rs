//! The host's disk fills up under workspaces: what is refused says so and leaves nothing, what was kept stays,
//! and room makes everything work again.

use scenarios::{Call, World};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;

/// A file system of so many mebibytes that holds a world's state. It needs root.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn under(world: &World, mib: usize) -> Self {
        let place = world.home().join("small");
        fs::create_dir(&place).unwrap();
        let size = format!("size={mib}m,mode=700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&place));
        symlink(&place, world.state()).unwrap();
        Self(place)
    }

    /// Waits until so much is free. A machine's disk goes with its mount namespace, which the kernel takes
    /// apart after its last process has ended.
    fn frees(&self, mib: usize) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.free_mib() < mib {
            assert!(Instant::now() < deadline, "{} of {mib} MiB are free", self.free_mib());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Takes what is left.
    fn fill(&self) {
        let mut rest = fs::File::create(self.0.join("rest")).unwrap();
        let zeros = [0; 4096];
        while rest.write_all(&zeros).is_ok() {}
    }

    fn free_mib(&self) -> usize {
        let said =
            Command::new("df").args(["--output=avail", "-BM"]).arg(&self.0).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        said.lines().last().unwrap().trim().trim_end_matches('M').parse().unwrap()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

#[test]
fn what_finds_no_room_says_so_and_costs_nothing_that_was_kept() {
    let world = World::new();
    let small = SmallDisk::under(&world, 26);
    let (large, fitting) = (directory(&world, "large", 40), directory(&world, "fitting", 5));

    let refused = world.pyro(&["workspace", "create", "--seed-path", &large]).outcome().exits(1);
    let _ = refused.complains("disk");
    assert_eq!(world.workspaces(), [""; 0].map(PathBuf::from));
    small.frees(25);

    let workspace = world.workspace(&["--seed-path", &fitting]);
    let first = workspace.json(&["snapshot", "create"], &["first"]);
    assert_eq!(first["bytes_written"], 5 * MIB);
    let _ = workspace.script("head -c 3M /dev/urandom > more").succeeds();
    let left = small.free_mib();
    no_room(workspace.call(&["snapshot", "create"], &["second"]));
    assert_eq!(
        workspace.json(&["snapshot", "list"], &[])["count"],
        2,
        "the first and the baseline"
    );
    assert_eq!(workspace.exec(&["wc", "-c", "more"]).succeeds().text(), "3145728 more");
    let _ = workspace.call(&["stop"], &[]).succeeds();
    let inside = small.0.join("image");
    no_room(workspace.call(&["disk", "export"], &["--output", inside.to_str().unwrap()]));
    assert!(!inside.exists());
    small.frees(left - 1);
    let _ = workspace.call(&["start"], &[]).succeeds();

    let pushed = workspace.call(&["sync", "push"], &[&large, "--json"]).outcome();
    assert_ne!(pushed.code(), 0);
    let pushed = pushed.json();
    assert!(pushed["hints"][0].as_str().unwrap().contains("reset"), "{pushed}");
    small.fill();
    // more than the guest's disk has ever been given, all that it may have kept of it included
    let written = workspace.script("head -c 30M /dev/urandom > own; sync own").outcome();
    assert_ne!(written.code(), 0);
    // what fills the host's disk is given up with the reset
    let _ = workspace.call(&["reset"], &["--snapshot", "first"]).succeeds();
    assert_eq!(
        workspace.script("wc -c < file; echo works > works; sync works").succeeds().text(),
        "5242880"
    );
    assert_eq!(workspace.json(&["snapshot", "list"], &[])["count"], 2);
    fs::remove_file(small.0.join("rest")).unwrap();
    workspace.delete();
    world.assert_clean();
    small.frees(25);
}

fn no_room(call: Call) {
    let said = call.outcome().exits(1);
    let said = said.complains("there is no room for ").complains("hint: free some space");
    assert_eq!(said.stdout, b"");
}

/// A directory with one file of so many mebibytes that no file system makes smaller.
fn directory(world: &World, name: &str, mib: usize) -> String {
    let directory = world.home().join(name);
    fs::create_dir(&directory).unwrap();
    let noise = fs::File::open("/dev/urandom").unwrap();
    let mut noise = std::io::Read::take(noise, (mib * MIB) as u64);
    std::io::copy(&mut noise, &mut fs::File::create(directory.join("file")).unwrap()).unwrap();
    path(&directory)
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
