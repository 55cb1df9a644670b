//! What the file system is to hold, in memory: names, and for each file where its content lies; never
//! content.

use std::collections::BTreeMap;
use std::ops::Range;

/// Something with an inode.
#[derive(Debug)]
pub(in crate::disk) struct Node {
    /// Permission bits, of 0o7777.
    pub(in crate::disk) mode: u16,
    /// How many names it has; of a directory, one.
    pub(in crate::disk) names: u32,
    /// Unix seconds of the last change of its content, and of the last access; without it, the time of the
    /// writing.
    pub(in crate::disk) modified: Option<i64>,
    pub(in crate::disk) body: Body,
}

/// What a node is.
#[derive(Debug)]
pub(in crate::disk) enum Body {
    File {
        size: u64,
        place: Place,
    },
    Directory {
        parent: u32,
        names: BTreeMap<Box<[u8]>, u32>,
    },
    /// With its target, of 1 to 4,095 bytes.
    Symlink(Box<[u8]>),
}

/// Where the content of a file lies, holes apart.
#[derive(Debug, Default)]
pub(in crate::disk) enum Place {
    #[default]
    Nowhere,
    Run(Run),
    Runs(Box<[Run]>),
}

/// Blocks that follow each other, in the file as on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disk) struct Run {
    /// The first of them in the file.
    pub(super) from: u32,
    /// The first of them on the disk.
    pub(super) block: u32,
    pub(super) length: u32,
}

/// All nodes. Each is known by the number of the inode that it will have.
#[derive(Debug)]
pub(in crate::disk) struct Nodes {
    first: u32,
    most: usize,
    slots: Vec<Option<Node>>,
    vacant: Vec<u32>,
}

impl Run {
    /// On the disk.
    pub(super) fn blocks(&self) -> Range<u32> {
        self.block..self.block + self.length
    }
}

impl Place {
    pub(super) fn of(runs: Vec<Run>) -> Self {
        match runs[..] {
            [] => Self::Nowhere,
            [run] => Self::Run(run),
            _ => Self::Runs(runs.into()),
        }
    }

    pub(super) fn runs(&self) -> &[Run] {
        match self {
            Self::Nowhere => &[],
            Self::Run(run) => std::slice::from_ref(run),
            Self::Runs(runs) => runs,
        }
    }
}

impl Body {
    pub(in crate::disk) fn is_directory(&self) -> bool {
        matches!(self, Self::Directory { .. })
    }
}

impl Nodes {
    /// None yet. They will have these inodes.
    pub(super) fn new(inodes: Range<u32>) -> Self {
        let most = inodes.len();
        Self { first: inodes.start, most, slots: Vec::new(), vacant: Vec::new() }
    }

    /// Adds one; `None` where no inode is left.
    pub(in crate::disk) fn add(&mut self, node: Node) -> Option<u32> {
        if let Some(number) = self.vacant.pop() {
            *self.slot(number) = Some(node);
            return Some(number);
        }
        if self.slots.len() == self.most {
            return None;
        }
        let number = u32::try_from(self.slots.len()).ok()?.checked_add(self.first)?;
        self.slots.push(Some(node));
        Some(number)
    }

    /// Removes one, whose inode another may have then.
    pub(in crate::disk) fn remove(&mut self, number: u32) -> Option<Node> {
        let node = self.slot(number).take();
        if node.is_some() {
            self.vacant.push(number);
        }
        node
    }

    pub(in crate::disk) fn get(&self, number: u32) -> Option<&Node> {
        self.slots.get(number.checked_sub(self.first)? as usize)?.as_ref()
    }

    pub(in crate::disk) fn get_mut(&mut self, number: u32) -> Option<&mut Node> {
        self.slots.get_mut(number.checked_sub(self.first)? as usize)?.as_mut()
    }

    /// All of them, by inode.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Node)> {
        let numbered = (self.first..).zip(&self.slots);
        numbered.filter_map(|(number, node)| Some((number, node.as_ref()?)))
    }

    fn slot(&mut self, number: u32) -> &mut Option<Node> {
        &mut self.slots[(number - self.first) as usize]
    }
}
