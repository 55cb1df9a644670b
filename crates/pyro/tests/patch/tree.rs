//! Trees that a workspace could hold, with everything in names and contents that a patch can stumble
//! over, and what an agent could have made of them.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt;

/// No loops: git does not create a file where a link that the same patch removes leads in circles.
const TARGETS: [&[u8]; 5] = [b".", b"/nowhere/at all", b"gone\nnewline\n", b"\xff", b"-gone"];

const LINES: [&str; 9] =
    ["a\n", "b\n", "\n", "crlf\r\n", "\r", "-- x\n", "@@ -1 +1 @@\n", "trail \t\n", "\\\n"];

/// What lies at which path. Directories are only what the paths imply.
pub(crate) type Tree = BTreeMap<Vec<u8>, Node>;

/// A leaf of a tree.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Node {
    File { content: Vec<u8>, executable: bool },
    Link(Vec<u8>),
}

/// The tree as lines, one for each leaf.
pub(crate) fn shown(tree: &Tree) -> String {
    let lines = tree.iter().map(|(path, node)| format!("{} {node:?}\n", path.escape_ascii()));
    lines.collect()
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { content, executable } => {
                write!(f, "x={executable} \"{}\"", content.escape_ascii())
            }
            Self::Link(target) => write!(f, "-> \"{}\"", target.escape_ascii()),
        }
    }
}

const NAMES: [&[u8]; 16] = [
    b"a",
    b"b",
    b"src",
    b"two words",
    b" lead",
    b"trail ",
    b"-dash",
    b"\"quotes\"",
    b"tab\there",
    b"new\nline",
    b"back\\slash",
    "gr\u{fc}\u{df}e".as_bytes(),
    b"\xff\xfe",
    b"\x01",
    b".hidden",
    b"a => b",
];

/// Two trees, of which the second is mostly like the first.
pub(crate) fn trees() -> impl Strategy<Value = (Tree, Tree)> {
    let before = btree_map(path(), node(), 0..8);
    let before = before.prop_map(|nodes| consistent(nodes.into_iter()));
    before.prop_flat_map(|before| {
        let fates = vec(fate(), before.len());
        let added = vec((path(), node()), 0..4);
        (Just(before), fates, added).prop_map(|(before, fates, added)| {
            let kept =
                before.clone().into_iter().zip(fates).filter_map(|(old, fate)| fate.meet(old));
            let after = consistent(added.into_iter().chain(kept));
            (before, after)
        })
    })
}

/// The first of the nodes for each path; none below a leaf, none where others have their directory.
fn consistent(nodes: impl Iterator<Item = (Vec<u8>, Node)>) -> Tree {
    let mut tree = Tree::new();
    for (path, node) in nodes {
        let is_below = |low: &[u8], high: &[u8]| {
            low.strip_prefix(high).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        if !tree.keys().any(|other| is_below(other, &path) || is_below(&path, other)) {
            tree.insert(path, node);
        }
    }
    tree
}

/// What becomes of a node.
#[derive(Debug, Clone)]
enum Fate {
    Kept,
    Deleted,
    Renamed(Vec<u8>),
    Replaced(Node),
    MadeExecutableOrNot,
    Edited { at: usize, remove: usize, insert: Vec<u8> },
}

impl Fate {
    fn meet(self, (path, node): (Vec<u8>, Node)) -> Option<(Vec<u8>, Node)> {
        Some(match (self, node) {
            (Self::Deleted, _) => return None,
            (Self::Renamed(path), node) => (path, node),
            (Self::Replaced(node), _) => (path, node),
            (Self::MadeExecutableOrNot, Node::File { content, executable }) => {
                (path, Node::File { content, executable: !executable })
            }
            (Self::Edited { at, remove, insert }, Node::File { mut content, executable }) => {
                let start = at.min(content.len());
                let end = (start + remove).min(content.len());
                content.splice(start..end, insert);
                (path, Node::File { content, executable })
            }
            (_, node) => (path, node),
        })
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        2 => Just(Fate::Kept),
        1 => Just(Fate::Deleted),
        1 => path().prop_map(Fate::Renamed),
        1 => node().prop_map(Fate::Replaced),
        1 => Just(Fate::MadeExecutableOrNot),
        4 => (0..200usize, 0..20usize, text()).prop_map(|(at, remove, insert)| {
            Fate::Edited { at, remove, insert }
        }),
    ]
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    let name = proptest::sample::select(&NAMES[..]);
    prop_oneof![
        8 => vec(name.clone(), 1..4).prop_map(|names| names.join(&b'/')),
        1 => vec(name, 20..40).prop_map(|names| names.join(&b'/')),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    let executable = proptest::bool::weighted(0.2);
    prop_oneof![
        8 => (content(), executable).prop_map(|(content, executable)| Node::File {
            content,
            executable,
        }),
        1 => proptest::sample::select(&TARGETS[..]).prop_map(|target| Node::Link(target.to_vec())),
    ]
}

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => text(),
        1 => Just(Vec::new()),
        1 => vec(any::<u8>(), 1..300),
        1 => vec(Just(0u8), 1..20),
    ]
}

/// Few different lines, so that changes have likely and unlikely places; the last may lack its newline.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let lines = vec(proptest::sample::select(&LINES[..]), 0..30);
    (lines, any::<bool>()).prop_map(|(lines, ends)| {
        let text = lines.concat();
        let text = if ends { text.as_str() } else { text.trim_end_matches('\n') };
        text.as_bytes().to_vec()
    })
}
