//! The other way: what pyro and git say of two trees, put into the first by pyro, makes the second out of it.
//! And whatever comes instead of a patch does no harm.

use super::history::History;
use super::patch;
use super::tree::{Node, Tree, shown, trees};
use proptest::prelude::*;
use pyro::patch::{Applied, Found, Leaf, Limits, Mode, PatchPlan};
use std::collections::BTreeMap;
use std::time::Duration;

fn leaf(node: &Node) -> Leaf {
    match node {
        Node::File { content, executable } => {
            Leaf { mode: Mode::Regular { executable: *executable }, content: content.clone() }
        }
        Node::Link(target) => Leaf { mode: Mode::Symlink, content: target.clone() },
    }
}

fn node(leaf: Leaf) -> Node {
    match leaf.mode {
        Mode::Symlink => Node::Link(leaf.content),
        mode => Node::File {
            content: leaf.content,
            executable: mode == Mode::Regular { executable: true },
        },
    }
}

/// What a workspace would say of a path.
fn look(tree: &Tree, path: &[u8]) -> Found {
    if let Some(node) = tree.get(path) {
        return Found::Leaf(leaf(node));
    }
    let below = [path, b"/"].concat();
    if tree.keys().any(|other| other.starts_with(&below)) {
        return Found::Directory;
    }
    let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    for (end, _) in ends {
        if let Some(node) = tree.get(&path[..end]) {
            let is_link = matches!(node, Node::Link(_));
            return Found::Behind { obstacle: path[..end].to_vec(), is_link };
        }
    }
    Found::Nothing
}

/// The tree that the patch makes out of `before`.
fn applied(patch: &[u8], before: &Tree) -> Result<Tree, String> {
    let plan = PatchPlan::parse(patch).map_err(|error| error.to_string())?;
    let found: BTreeMap<Vec<u8>, Found> =
        plan.paths().into_iter().map(|path| (path.to_vec(), look(before, path))).collect();
    let Applied { files, offsets } = plan.apply(found).map_err(|rejected| rejected.to_string())?;
    assert!(offsets.is_empty(), "{offsets:?}");
    let mut tree = before.clone();
    for file in files {
        assert_eq!(file.before, before.get(&file.path).map(leaf));
        match file.after {
            Some(leaf) => drop(tree.insert(file.path, node(leaf))),
            None => drop(tree.remove(&file.path)),
        }
    }
    Ok(tree)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_pyro_writes_it_can_apply((before, after) in trees()) {
        for time_per_file in [Duration::from_secs(1), Duration::ZERO] {
            let patch = patch(&before, &after, Limits { time_per_file, ..Limits::default() });
            if !patch.is_empty() {
                let tree = applied(patch.as_bytes(), &before);
                prop_assert_eq!(tree.map(|tree| shown(&tree)), Ok(shown(&after)), "{}", patch);
            }
        }
    }

    #[test]
    fn words_instead_of_a_patch_are_refused_or_read(patch in words()) {
        super::fuzz::apply(&[&b"\x02a\n"[..], &patch].concat());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Many trees at a time, each as a directory of one: starting git takes longer than all else.
    #[test]
    fn what_git_writes_pyro_can_apply(pairs in proptest::collection::vec(trees(), 32)) {
        let (mut before, mut after) = (Tree::new(), Tree::new());
        for (number, (old, new)) in pairs.into_iter().enumerate() {
            let within = |(path, node): (Vec<u8>, Node)| {
                ([format!("{number}/").as_bytes(), &path].concat(), node)
            };
            before.extend(old.into_iter().map(within));
            after.extend(new.into_iter().map(within));
        }
        let history = History::of(&before, &after);
        for options in [
            &["--no-renames"][..],
            &["--find-renames=30%"],
            &["--find-copies-harder", "--find-copies=20%"],
            &["--no-prefix", "--find-renames"],
        ] {
            let patch = history.diff(options);
            if !patch.is_empty() {
                let tree = applied(&patch, &before);
                let difference = tree.map(|tree| first_difference(&tree, &after));
                prop_assert_eq!(difference, Ok(None), "{:?}", options);
            }
        }
    }
}

/// The first path that differs, with both sides and without all others, which are many.
fn first_difference(one: &Tree, other: &Tree) -> Option<String> {
    let path = one.keys().chain(other.keys()).find(|path| one.get(*path) != other.get(*path))?;
    Some(format!("{}: {:?}, {:?}", path.escape_ascii(), one.get(path), other.get(path)))
}

/// Pieces of patches in any order.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&'static [u8]; 24] = [
        b"diff --git a/a b/a\n",
        b"--- a/a\n+++ b/a\n",
        b"@@ -1 +1 @@\n",
        b"@@ -1,99999999 +0,0 @@\n",
        b"@@\n",
        b"-a\n",
        b"+b\n",
        b" a\n",
        b"\\ No newline at end of file\n",
        b"rename from a\n",
        b"rename to b\n",
        b"new file mode 100644\n",
        b"deleted file mode 100644\n",
        b"index 78981922613b2afb6025042ff6bd878ac1994e85..61780798228d17af2d34fce4cfbdf35556832472\n",
        b"GIT binary patch\n",
        b"literal 2\nJcmYdH0RR91\n\n",
        b"delta 9\nQcmZ\n\n",
        b"*** Begin Patch\n",
        b"*** Update File: a\n",
        b"*** Add File: \"\\303\n",
        b"*** End Patch\n",
        b"\n",
        b"\xff\0",
        b"diff --git \"a/\\777\" b\n",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..14)
        .prop_map(|pieces| pieces.concat())
}
