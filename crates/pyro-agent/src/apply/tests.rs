//! A machine may end after every step of a patch.

use super::action::{perform, undo};
use super::*;
use crate::disk::Disk;
use pyro_proto::tree::{After, Before, Kind};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Every kind of change at once, among them a file in place of a directory and the other way round.
struct World {
    directory: tempfile::TempDir,
    disk: Disk,
}

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().join("workspace");
        for below in ["gone/deep", "turns/into", "stays"] {
            fs::create_dir_all(top.join(below)).unwrap();
        }
        for (path, content) in [
            ("edited", "old"),
            ("gone/deep/file", "gone"),
            ("turns/into/file", "x"),
            ("file", "becomes a directory"),
            ("stays/other", "untouched"),
        ] {
            fs::write(top.join(path), content).unwrap();
        }
        symlink("nowhere", top.join("link")).unwrap();
        let disk = Disk::of_process(directory.path()).unwrap();
        Self { directory, disk }
    }

    fn changes() -> Vec<u8> {
        let mut input = Vec::new();
        for (path, before, after) in [
            ("edited", Some("old"), Some("new")),
            ("gone/deep/file", Some("gone"), None),
            ("turns/into/file", Some("x"), None),
            ("turns", None, Some("a file now")),
            ("file", Some("becomes a directory"), None),
            ("file/with/content", None, Some("inside")),
            ("new/one", None, Some("1")),
            ("link", Some("nowhere"), Some("somewhere")),
        ] {
            let kind = if path == "link" { Kind::Symlink } else { Kind::File };
            let size = |text: &str| text.len() as u64;
            let before = before.map(|text| Before {
                kind,
                size: size(text),
                checksum: crc32c::crc32c(text.as_bytes()),
            });
            let made = after.map(|text| After { kind, size: size(text), mode: 0o644 });
            let rewrite = Rewrite { path: path.into(), before, after: made };
            serde_json::to_writer(&mut input, &rewrite).unwrap();
            input.push(b'\n');
            input.extend(after.unwrap_or_default().as_bytes());
        }
        input
    }

    /// Everything in the workspace: directories, and what files and links hold.
    fn tree(&self) -> Vec<(PathBuf, String)> {
        let mut tree = Vec::new();
        collect(&self.directory.path().join("workspace"), &mut tree);
        tree.sort();
        tree
    }

    fn has_stage(&self) -> bool {
        self.directory.path().join(".pyro/patch").exists()
    }
}

fn collect(directory: &Path, tree: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        let content = if kind.is_symlink() {
            format!("-> {}", fs::read_link(&path).unwrap().display())
        } else if kind.is_dir() {
            collect(&path, tree);
            "directory".to_owned()
        } else {
            fs::read_to_string(&path).unwrap()
        };
        tree.push((path, content));
    }
}

#[test]
fn an_end_after_any_step_is_as_if_none_had_been_taken() {
    let mut steps = 0;
    loop {
        let world = World::new();
        let before = world.tree();
        let mut stage = Stage::create(&world.disk).unwrap();
        let staged = read(&mut stage, &mut &World::changes()[..]).unwrap();
        let actions = order::order(&stage, &staged).unwrap();
        stage.write_journal(&actions).unwrap();
        perform(&stage, &actions[..steps]).unwrap();
        assert_eq!(world.tree() == before, steps == 0);
        stage.keep();
        recover(&world.disk).unwrap();
        assert_eq!(world.tree(), before, "after {steps} steps");
        assert!(!world.has_stage());
        if steps == actions.len() {
            break;
        }
        steps += 1;
    }
    assert!(steps > 8, "{steps}");
}

#[test]
fn an_end_while_steps_are_taken_back_is_no_other() {
    let world = World::new();
    let before = world.tree();
    let mut stage = Stage::create(&world.disk).unwrap();
    let staged = read(&mut stage, &mut &World::changes()[..]).unwrap();
    let actions = order::order(&stage, &staged).unwrap();
    stage.write_journal(&actions).unwrap();
    perform(&stage, &actions).unwrap();
    undo(&stage, &actions[actions.len() / 2..]);
    stage.keep();
    recover(&world.disk).unwrap();
    assert_eq!(world.tree(), before);
    recover(&world.disk).unwrap();
    assert_eq!(world.tree(), before);
}

#[test]
fn a_complete_patch_stays_and_what_was_emptied_is_gone() {
    let world = World::new();
    let outcome = apply(&world.disk, &mut &World::changes()[..]).unwrap();
    assert_eq!(outcome, ApplyOutcome::Applied {});
    assert!(!world.has_stage());
    let applied = world.tree();
    recover(&world.disk).unwrap();
    assert_eq!(world.tree(), applied);
    let top = world.directory.path().join("workspace");
    let read = |path: &str| fs::read_to_string(top.join(path)).unwrap();
    assert_eq!((read("edited"), read("turns")), ("new".into(), "a file now".into()));
    assert_eq!((read("file/with/content"), read("new/one")), ("inside".into(), "1".into()));
    assert_eq!(fs::read_link(top.join("link")).unwrap(), Path::new("somewhere"));
    assert!(!top.join("gone").exists() && top.join("stays/other").exists());
}

#[test]
fn a_list_of_steps_that_cannot_be_read_is_left_alone() {
    let world = World::new();
    let stage = Stage::create(&world.disk).unwrap();
    fs::write(world.directory.path().join(".pyro/patch/journal"), "{").unwrap();
    stage.keep();
    assert!(recover(&world.disk).is_err());
    let refusal = apply(&world.disk, &mut &World::changes()[..]).unwrap_err();
    assert!(refusal.message.contains("unfinished patch"), "{refusal}");
    assert!(world.has_stage());
}
