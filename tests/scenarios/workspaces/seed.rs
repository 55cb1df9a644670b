//! What the scenarios put into their workspaces.

use scenarios::World;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with a file of every kind that a workspace keeps.
pub(super) fn directory(world: &World) -> PathBuf {
    let seed = world.home().join("seed");
    fs::create_dir_all(seed.join("src/deep")).unwrap();
    fs::write(seed.join("README.md"), "# A seed\n\nwith two lines\n").unwrap();
    fs::write(seed.join("src/main.rs"), "fn main() {\n    let total = 1 + 1;\n}\n").unwrap();
    fs::write(seed.join("src/deep/no newline"), "the end").unwrap();
    fs::write(seed.join("logo.bin"), [0, 159, 146, 150, 10, 0, 255]).unwrap();
    fs::write(seed.join("run.sh"), "#!/bin/sh\necho ran\n").unwrap();
    fs::set_permissions(seed.join("run.sh"), Permissions::from_mode(0o755)).unwrap();
    symlink("src/main.rs", seed.join("link")).unwrap();
    seed
}

/// A Git project around it, with one commit, something ignored and something that looks secret.
pub(super) fn project(world: &World) -> PathBuf {
    let seed = directory(world);
    fs::write(seed.join(".gitignore"), "target/\n").unwrap();
    git(&seed, &["init", "--quiet"]);
    git(&seed, &["add", "."]);
    let author = ["-c", "user.name=Grace", "-c", "user.email=grace@example"];
    git(&seed, &[&author[..], &["commit", "--quiet", "-m", "Begin"]].concat());
    fs::create_dir(seed.join("target")).unwrap();
    fs::write(seed.join("target/out"), "built").unwrap();
    fs::write(seed.join(".env"), "TOKEN=1").unwrap();
    seed
}

/// A copy that shares nothing with the original.
pub(super) fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").arg("-a").arg(from).arg(to));
}

/// Unpacks what a guest's `tar` wrote.
pub(super) fn unpack(archive: &[u8], into: &Path) {
    fs::create_dir(into).unwrap();
    tar::Archive::new(archive).unpack(into).unwrap();
}

/// Fails the test where two trees differ in anything that Git would see.
pub(super) fn assert_same(left: &Path, right: &Path) {
    run(Command::new("git").args(["diff", "--no-index", "--exit-code"]).arg(left).arg(right));
}

pub(super) fn git(directory: &Path, words: &[&str]) {
    run(Command::new("git").arg("-C").arg(directory).args(words));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|b| String::from_utf8_lossy(&b).into_owned());
    assert!(output.status.success(), "{command:?}: {}", said.concat());
}
