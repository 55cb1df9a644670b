//! The patch that a workspace gives makes of the original what is in the workspace, whatever names,
//! contents and edits there are: `git apply` is the judge. And applied to a workspace like the original, it
//! makes the same.

#[path = "../../../crates/pyro/tests/patch/git.rs"]
mod git;
#[path = "../../../crates/pyro/tests/patch/tree.rs"]
mod tree;

use git::{Copy, Place, tree_in};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use scenarios::{Workspace, World};
use std::fs;
use std::process::Command;
use tree::{Node, Tree, shown, trees};

/// Each is a directory of its own in one workspace.
const CASES: usize = 48;

#[test]
fn git_apply_makes_the_live_tree_out_of_the_original() {
    let world = World::new();
    let (before, after) = random_trees();
    let original = Copy::of(&before, Place::Plain);
    let seed = original.path().to_str().unwrap();
    let workspace = world.workspace(&["--seed-path", seed]);
    assert_eq!(shown(&live(&world, &workspace)), shown(&before), "the seed");

    edit(&workspace, &before, &after);
    assert_eq!(shown(&live(&world, &workspace)), shown(&after), "the edits");

    let patch = world.home().join("patch");
    let _ = workspace.call(&["diff"], &["--output", patch.to_str().unwrap()]).succeeds();
    let patch = fs::read_to_string(patch).unwrap();
    assert!(patch.len() > CASES * 100, "{patch}");
    original.apply(&patch, &[]);
    assert_eq!(shown(&original.tree()), shown(&after), "patch:\n{patch}");

    // and the other way: applied to a workspace that is as it was at first
    let _ = workspace.call(&["reset"], &[]).succeeds();
    assert_eq!(shown(&live(&world, &workspace)), shown(&before), "the reset");
    let _ = workspace.call(&["patch", "apply"], &["--patch-file", "patch"]).succeeds();
    assert_eq!(shown(&live(&world, &workspace)), shown(&after), "patch:\n{patch}");
    workspace.delete();
}

/// Another original and edit in each directory, and other ones at each run: what fails prints them.
fn random_trees() -> (Tree, Tree) {
    let mut runner = TestRunner::default();
    let (mut before, mut after) = (Tree::new(), Tree::new());
    for case in 0..CASES {
        let (old, new) = trees().new_tree(&mut runner).unwrap().current();
        let within =
            |(path, node): (Vec<u8>, Node)| ([format!("{case}/").as_bytes(), &path].concat(), node);
        before.extend(old.into_iter().map(within));
        after.extend(new.into_iter().map(within));
    }
    (before, after)
}

/// Removes what is to be gone or different, and brings what is new or different.
fn edit(workspace: &Workspace<'_>, before: &Tree, after: &Tree) {
    let changed = |tree: &Tree, other: &Tree| -> Tree {
        let nodes = tree.iter().filter(|(path, node)| other.get(*path) != Some(node));
        nodes.map(|(path, node)| (path.clone(), node.clone())).collect()
    };
    let (old, new) = (changed(before, after), changed(after, before));
    let mut paths = Vec::new();
    for path in old.keys().chain(new.keys()) {
        paths.extend_from_slice(path);
        paths.push(0);
    }
    let _ = workspace.script("xargs -0 rm -rf --").stdin(paths).succeeds();
    let new = Copy::of(&new, Place::Plain);
    let _ = workspace.call(&["sync", "push"], &[new.path().to_str().unwrap()]).succeeds();
}

/// What is in the guest, packed there by its own tar.
fn live(world: &World, workspace: &Workspace<'_>) -> Tree {
    let packed = workspace.script("tar --create --file - .").succeeds().stdout;
    let directory = world.home().join("live");
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir(&directory).unwrap();
    fs::write(world.home().join("live.tar"), packed).unwrap();
    let tar = Command::new("tar").args(["-xf", "../live.tar"]).current_dir(&directory).status();
    assert!(tar.unwrap().success());
    tree_in(&directory)
}
