//! `git apply` is the judge: the patch from one tree to another makes the one out of the other, and
//! taken back, the other out of the one.

#![expect(clippy::unwrap_used, reason = "a failed step of a test fails the test")]

mod apply;
#[path = "../../../../fuzz/harness/patch.rs"]
mod fuzz;
mod git;
mod history;
mod tree;

use git::{Copy, Place, tree_in};
use proptest::prelude::*;
use pyro::patch::{Content, Limits, PatchWriter, Side};
use std::time::Duration;
use tree::{Node, Tree, shown, trees};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn git_apply_makes_the_one_tree_out_of_the_other((before, after) in trees()) {
        let patch = patch(&before, &after, Limits::default());
        for place in [Place::Plain, Place::Indexed] {
            let copy = Copy::of(&before, place);
            copy.apply(&patch, &[]);
            prop_assert_eq!(shown(&copy.tree()), shown(&after), "{:?}, patch:\n{}", place, patch);
            if kept(&before, &after) {
                copy.apply(&patch, &["--reverse"]);
                prop_assert_eq!(shown(&copy.tree()), shown(&before), "back, patch:\n{}", patch);
            }
        }
    }

    /// The same where no line is compared, so that every content is written as if it were binary.
    #[test]
    fn git_apply_takes_binary_patches((before, after) in trees()) {
        let limits = Limits { time_per_file: Duration::ZERO, ..Limits::default() };
        let patch = patch(&before, &after, limits);
        prop_assert!(!patch.contains("\n@@ "));
        let copy = Copy::of(&before, Place::Plain);
        copy.apply(&patch, &[]);
        prop_assert_eq!(shown(&copy.tree()), shown(&after), "patch:\n{}", patch);
    }
}

impl Node {
    fn side(&self) -> Side<'_> {
        match self {
            Self::File { content, executable } => {
                Side::file(if *executable { 0o755 } else { 0o644 }, Content::Bytes(content))
            }
            Self::Link(target) => Side::symlink(target),
        }
    }
}

/// Whether all that was there is there still. Taking a deletion back, git 2.47 forgets what mode the
/// file had, also with patches of its own.
fn kept(before: &Tree, after: &Tree) -> bool {
    let is_link = |node: &Node| matches!(node, Node::Link(_));
    before.iter().all(|(path, old)| after.get(path).is_some_and(|new| is_link(new) == is_link(old)))
}

/// The patch between two trees; empty where nothing differs.
fn patch(before: &Tree, after: &Tree, limits: Limits) -> String {
    let mut paths: Vec<&Vec<u8>> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut writer = PatchWriter::new(limits);
    for path in paths {
        writer.add(path, before.get(path).map(Node::side), after.get(path).map(Node::side));
    }
    let diff = writer.finish();
    assert_eq!(diff.changed, before != after);
    assert!(diff.patch.left_out.is_empty(), "{:?}", diff.patch.left_out);
    assert_eq!(diff.patch.included, diff.summary.total);
    diff.patch.text
}

#[test]
fn a_large_file_of_each_kind_survives() {
    let binary: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let text: Vec<u8> = (0..50_000).flat_map(|i| format!("line {i}\n").into_bytes()).collect();
    let edited: Vec<u8> = (0..50_000)
        .filter(|i| i % 97 != 0)
        .flat_map(|i| format!("line {}\n", if i % 89 == 0 { -1 } else { i }).into_bytes())
        .collect();
    let file = |content: &[u8]| Node::File { content: content.to_vec(), executable: false };
    let before = Tree::from([(b"bin".to_vec(), file(&binary)), (b"text".to_vec(), file(&text))]);
    let after =
        Tree::from([(b"bin".to_vec(), file(&binary[7..])), (b"text".to_vec(), file(&edited))]);
    let copy = Copy::of(&before, Place::Plain);
    copy.apply(&patch(&before, &after, Limits::default()), &[]);
    assert!(copy.tree() == after);
}

/// The comparison sees what the properties are about.
#[test]
fn a_tree_on_disk_is_told_from_one_that_differs_in_a_bit() {
    let node = |executable| Node::File { content: b"x\n".to_vec(), executable };
    let tree = Tree::from([(b"a".to_vec(), node(false)), (b"l".to_vec(), Node::Link(b"a".into()))]);
    let copy = Copy::of(&tree, Place::Plain);
    assert_eq!(copy.tree(), tree);
    assert_eq!(tree_in(copy.path()), tree);
    let mut other = tree.clone();
    other.insert(b"a".to_vec(), node(true));
    assert_ne!(copy.tree(), other);
    other.insert(b"a".to_vec(), Node::Link(b"a".into()));
    assert_ne!(copy.tree(), other);
    assert!(matches!(node(true).side().content, Content::Bytes(b"x\n")));
}
