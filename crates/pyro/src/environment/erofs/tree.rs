//! The tree of entries in memory: names, metadata, and where file contents already lie. It checks
//! paths and keeps the totals within the limits; it knows nothing of the on-disk format.

use super::writer::Metadata;
use super::{ErofsError, Limits, printable};
use std::collections::BTreeMap;

/// Index of a node.
pub(super) type NodeId = usize;
/// The root directory's.
pub(super) const ROOT: NodeId = 0;

/// Rough cost of a node and its name in a map, on top of the bytes it holds.
const NODE_OVERHEAD: u64 = 160;

/// One inode to be.
pub(super) struct Node {
    pub(super) metadata: Metadata,
    /// Attributes as they will lie on disk.
    pub(super) xattrs: Vec<u8>,
    pub(super) body: Body,
}

/// What a node is.
pub(super) enum Body {
    Directory {
        parent: NodeId,
        children: BTreeMap<Box<[u8]>, NodeId>,
    },
    /// Whole blocks lie from `first_block` on; what does not fill one may wait in `tail`.
    File {
        first_block: u32,
        size: u64,
        tail: Box<[u8]>,
    },
    Symlink(Box<[u8]>),
    Character(u32),
    Block(u32),
    Fifo,
}

/// All nodes. Replaced ones stay in `nodes` without a name.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    limits: Limits,
    held: u64,
}

impl Tree {
    pub(super) fn new(limits: Limits) -> Self {
        let root = Node {
            metadata: Metadata::implied_directory(),
            xattrs: Vec::new(),
            body: Body::Directory { parent: ROOT, children: BTreeMap::new() },
        };
        Self { nodes: vec![root], limits, held: 0 }
    }

    /// The children of a directory, `None` where the node is something else.
    pub(super) fn children(&self, id: NodeId) -> Option<&BTreeMap<Box<[u8]>, NodeId>> {
        match &self.nodes[id].body {
            Body::Directory { children, .. } => Some(children),
            _ => None,
        }
    }

    /// Splits a path into the names below the image's root. Leading, doubled and trailing slashes
    /// and `.` count for nothing; `..` is refused rather than resolved.
    pub(super) fn names<'p>(&self, path: &'p [u8]) -> Result<Vec<&'p [u8]>, ErofsError> {
        let bad =
            |what| ErofsError::BadPath { path: printable(&path[..path.len().min(256)]), what };
        if path.len() > self.limits.max_path {
            return Err(bad("it is too long"));
        }
        let names: Vec<&[u8]> = path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty() && *name != b".")
            .collect();
        if names.len() > self.limits.max_depth {
            return Err(bad("it is too deep"));
        }
        for name in &names {
            if *name == b".." {
                return Err(bad("it climbs with .."));
            }
            if name.contains(&0) {
                return Err(bad("it contains a NUL byte"));
            }
            if name.len() > self.limits.max_name.min(super::layout::NAME_MAX) {
                return Err(bad("a component is too long"));
            }
        }
        Ok(names)
    }

    /// Follows names from the root; symlinks are not followed.
    pub(super) fn find(&self, names: &[&[u8]]) -> Option<NodeId> {
        names.iter().try_fold(ROOT, |at, name| self.children(at)?.get(*name).copied())
    }

    /// Puts a node at `names`, in place of whatever was there. A directory over a directory keeps
    /// the children; anything else loses them.
    pub(super) fn insert(&mut self, names: &[&[u8]], node: Node) -> Result<(), ErofsError> {
        let is_directory = matches!(node.body, Body::Directory { .. });
        let existing = self.find(names).filter(|id| self.children(*id).is_some());
        if let Some(existing) = existing.filter(|_| is_directory) {
            self.hold(node.xattrs.len())?;
            self.nodes[existing].metadata = node.metadata;
            self.nodes[existing].xattrs = node.xattrs;
            return Ok(());
        }
        let Some((name, parents)) = names.split_last() else {
            return Err(ErofsError::BadPath { path: "/".into(), what: "the root is a directory" });
        };
        let parent = self.ensure_directory(parents)?;
        let id = self.push(node)?;
        if let Body::Directory { parent: up, .. } = &mut self.nodes[id].body {
            *up = parent;
        }
        self.name(parent, name, id)
    }

    /// Gives an existing node, not a directory, one more name.
    pub(super) fn link(&mut self, names: &[&[u8]], to: NodeId) -> Result<(), ErofsError> {
        let Some((name, parents)) = names.split_last() else {
            return Err(ErofsError::BadPath { path: "/".into(), what: "the root is a directory" });
        };
        let parent = self.ensure_directory(parents)?;
        self.name(parent, name, to)
    }

    /// Counts `bytes` that stay in memory until the image is finished.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), ErofsError> {
        self.held = self.held.saturating_add(bytes as u64).saturating_add(NODE_OVERHEAD);
        if self.held > self.limits.max_metadata {
            return Err(ErofsError::TooMuch {
                what: "bytes of names and attributes",
                limit: self.limits.max_metadata,
            });
        }
        Ok(())
    }

    fn push(&mut self, node: Node) -> Result<NodeId, ErofsError> {
        if self.nodes.len() as u64 > self.limits.max_entries {
            return Err(ErofsError::TooMuch { what: "entries", limit: self.limits.max_entries });
        }
        let in_body = match &node.body {
            Body::File { tail, .. } => tail.len(),
            Body::Symlink(target) => target.len(),
            _ => 0,
        };
        self.hold(node.xattrs.len() + in_body)?;
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    fn name(&mut self, parent: NodeId, name: &[u8], id: NodeId) -> Result<(), ErofsError> {
        self.hold(name.len())?;
        if let Body::Directory { children, .. } = &mut self.nodes[parent].body {
            children.insert(name.into(), id);
        }
        Ok(())
    }

    /// The directory at `names`, made with its parents where missing.
    fn ensure_directory(&mut self, names: &[&[u8]]) -> Result<NodeId, ErofsError> {
        let mut at = ROOT;
        for (depth, name) in names.iter().enumerate() {
            let next = self.children(at).and_then(|children| children.get(*name).copied());
            at = match next {
                Some(id) if self.children(id).is_some() => id,
                Some(_) => {
                    return Err(ErofsError::NotADirectory {
                        path: printable(&names.join(&b'/')),
                        parent: printable(&names[..=depth].join(&b'/')),
                    });
                }
                None => {
                    let id = self.push(Node {
                        metadata: Metadata::implied_directory(),
                        xattrs: Vec::new(),
                        body: Body::Directory { parent: at, children: BTreeMap::new() },
                    })?;
                    self.name(at, name, id)?;
                    id
                }
            };
        }
        Ok(at)
    }
}
