//! The tree that says where a file's content lies; its root is in the inode.

use super::super::BLOCK;
use super::super::checksum;
use super::bytes::put;
use super::content::Blocks;
use super::node::Run;
use crate::disk::FillError;

const MAGIC: u16 = 0xf30a;
/// Bytes of a node's header, and of each entry behind it.
const ENTRY: usize = 12;
/// Bytes of the root, and how many entries it has room for.
pub(super) const ROOT: usize = 60;
const IN_ROOT: usize = ROOT / ENTRY - 1;
/// Entries of a node that has a block; a checksum is behind them.
const IN_BLOCK: usize = (BLOCK - ENTRY) / ENTRY;
const CHECKSUM: usize = ENTRY + IN_BLOCK * ENTRY;
/// The most blocks of one extent.
const LONGEST: u32 = 32_768;

/// Writes the tree, of which each node but the root has a block; returns the root and how many these are.
pub(super) fn write(
    blocks: &mut Blocks<'_>,
    runs: &[Run],
    seed: u32,
) -> Result<([u8; ROOT], u32), FillError> {
    let mut entries: Vec<[u8; ENTRY]> = runs.iter().flat_map(extents).collect();
    let (mut depth, mut written) = (0_u16, 0);
    while entries.len() > IN_ROOT {
        let mut above = Vec::with_capacity(entries.len().div_ceil(IN_BLOCK));
        for entries in entries.chunks(IN_BLOCK) {
            let mut node = [0; BLOCK];
            fill(&mut node, entries, IN_BLOCK, depth);
            let sum = checksum(seed, &node[..CHECKSUM]);
            put(&mut node, CHECKSUM, sum.to_le_bytes());
            above.push(pointer(&entries[0], blocks.place_one(&node)?));
            written += 1;
        }
        entries = above;
        depth += 1;
    }
    let mut root = [0; ROOT];
    fill(&mut root, &entries, IN_ROOT, depth);
    Ok((root, written))
}

fn fill(node: &mut [u8], entries: &[[u8; ENTRY]], room: usize, depth: u16) {
    put(node, 0, MAGIC.to_le_bytes());
    let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    put(node, 2, short(entries.len()));
    put(node, 4, short(room));
    put(node, 6, depth.to_le_bytes());
    for (entry, at) in entries.iter().zip((ENTRY..).step_by(ENTRY)) {
        put(node, at, *entry);
    }
}

/// The run, in pieces that are short enough.
fn extents(run: &Run) -> impl Iterator<Item = [u8; ENTRY]> {
    let Run { from, block, length } = *run;
    (0..length).step_by(LONGEST as usize).map(move |at| {
        let length = u16::try_from(LONGEST.min(length - at)).unwrap_or(0);
        let mut extent = [0; ENTRY];
        put(&mut extent, 0, (from + at).to_le_bytes());
        put(&mut extent, 4, length.to_le_bytes());
        put(&mut extent, 8, (block + at).to_le_bytes());
        extent
    })
}

/// An entry for the node in `block`, whose first entry this is: it begins where that does.
fn pointer(first: &[u8; ENTRY], block: u32) -> [u8; ENTRY] {
    let mut pointer = [0; ENTRY];
    pointer[..4].copy_from_slice(&first[..4]);
    put(&mut pointer, 4, block.to_le_bytes());
    pointer
}
