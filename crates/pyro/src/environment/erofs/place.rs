//! Where each inode, each directory block and each long symlink target goes. Inodes lie breadth
//! first from the root, so that walking a tree reads the metadata in sequence, and the root comes
//! first because the superblock has only 16 bits for it.

use super::directory;
use super::layout::{BLOCK, INODE, SLOT, XATTR_HEADER};
use super::tree::{Body, NodeId, ROOT, Tree};
use super::{ErofsError, Limits};

/// Inode 0 means "deleted" to `readdir`, and inode 1 is used for bad blocks elsewhere.
const FIRST_POSITION: u64 = 2 * SLOT;

/// The layout of everything behind the file data.
pub(super) struct Placement {
    /// Reachable nodes, in the order of their inodes.
    pub(super) order: Vec<NodeId>,
    /// By node: bytes of content.
    pub(super) size: Vec<u64>,
    /// By node: bytes from the metadata's start.
    pub(super) position: Vec<u64>,
    /// By node: the first spill block, for directories and symlinks that have any.
    pub(super) spill: Vec<u32>,
    /// By node: bytes that follow the inode instead of lying in a block.
    pub(super) inline: Vec<u64>,
    /// By node: how many names it has, after the rules of `st_nlink`.
    pub(super) links: Vec<u32>,
    /// First block of the metadata.
    pub(super) metadata_block: u32,
    /// Blocks of the whole image.
    pub(super) blocks: u32,
}

impl Placement {
    /// Lays out `tree`, of which the file data ends before `next_block`.
    pub(super) fn of(tree: &Tree, next_block: u32, limits: &Limits) -> Result<Self, ErofsError> {
        let count = tree.nodes.len();
        let (order, links) = breadth_first(tree)?;
        let mut placement = Self {
            order,
            size: tree.nodes.iter().enumerate().map(|(id, _)| content_size(tree, id)).collect(),
            position: vec![0; count],
            spill: vec![0; count],
            inline: vec![0; count],
            links,
            metadata_block: 0,
            blocks: 0,
        };
        let mut block = u64::from(next_block);
        let mut position = FIRST_POSITION;
        for &id in &placement.order {
            let head = INODE + tree.nodes[id].xattrs.len() as u64;
            let size = placement.size[id];
            let inline = inline_bytes(&tree.nodes[id].body, size, head);
            position = next_position(position, head + inline);
            placement.position[id] = position;
            placement.inline[id] = inline;
            position += head + inline;
            placement.spill[id] = block_number(block, limits)?;
            block += spill_blocks(&tree.nodes[id].body, size - inline);
        }
        placement.metadata_block = block_number(block, limits)?;
        let metadata_bytes = position.max(placement.last_read());
        placement.blocks = block_number(block + metadata_bytes.div_ceil(BLOCK), limits)?;
        Ok(placement)
    }

    /// How far into the metadata checkers read. `fsck.erofs` 1.5 takes an attribute header to lie
    /// behind every inode, also where `i_xattr_icount` is 0 and Linux looks for none, so an image
    /// that ended with its last inode would pass for damaged.
    fn last_read(&self) -> u64 {
        let last = self.order.last().map_or(0, |&id| self.position[id]);
        last + INODE + XATTR_HEADER as u64
    }

    /// By node: the number by which directory entries name an inode.
    pub(super) fn nids(&self) -> Vec<u64> {
        self.position.iter().map(|position| position / SLOT).collect()
    }
}

/// A block number within the format's 32 bits and the caller's limit.
pub(super) fn block_number(block: u64, limits: &Limits) -> Result<u32, ErofsError> {
    let too_much = |limit| ErofsError::TooMuch { what: "bytes", limit };
    if block > limits.max_bytes / BLOCK {
        return Err(too_much(limits.max_bytes));
    }
    u32::try_from(block).map_err(|_| too_much(u64::from(u32::MAX) * BLOCK))
}

fn breadth_first(tree: &Tree) -> Result<(Vec<NodeId>, Vec<u32>), ErofsError> {
    let mut links = vec![0u32; tree.nodes.len()];
    let mut order = vec![ROOT];
    links[ROOT] = 2;
    let mut next = 0;
    while let Some(&directory) = order.get(next) {
        next += 1;
        for &child in tree.children(directory).into_iter().flat_map(|children| children.values()) {
            if links[child] == 0 {
                order.push(child);
            }
            if tree.children(child).is_some() {
                links[child] = 2;
                links[directory] += 1;
            } else {
                links[child] += 1;
            }
        }
    }
    u32::try_from(order.len())
        .map(|_| (order, links))
        .map_err(|_| ErofsError::TooMuch { what: "entries", limit: u64::from(u32::MAX) })
}

fn content_size(tree: &Tree, id: NodeId) -> u64 {
    match &tree.nodes[id].body {
        Body::Directory { .. } => directory::size(&directory::entries(tree, id)),
        Body::File { size, .. } => *size,
        Body::Symlink(target) => target.len() as u64,
        Body::Character(_) | Body::Block(_) | Body::Fifo => 0,
    }
}

/// How much of the content follows the inode: it must end within the inode's last block.
fn inline_bytes(body: &Body, size: u64, head: u64) -> u64 {
    match body {
        Body::File { tail, .. } => tail.len() as u64, // decided when the file was written
        _ if head + size % BLOCK <= BLOCK => size % BLOCK,
        _ => 0,
    }
}

/// An inode and its tail never straddle blocks, unless attributes make them larger than one.
fn next_position(position: u64, bytes: u64) -> u64 {
    let position = position.next_multiple_of(SLOT);
    let left = BLOCK - position % BLOCK;
    let straddles = if bytes <= BLOCK { bytes > left } else { INODE > left };
    if straddles { position.next_multiple_of(BLOCK) } else { position }
}

fn spill_blocks(body: &Body, bytes: u64) -> u64 {
    match body {
        Body::File { .. } => 0, // written already
        _ => bytes.div_ceil(BLOCK),
    }
}
