//! Directories as blocks of sorted entries: each block holds its entry headers first and the names
//! behind them, and the kernel searches blocks and entries by bisection over byte-wise order.

use super::layout::{BLOCK, DIRENT, dirent_type};
use super::tree::{Body, NodeId, Tree};

/// One name in a directory.
pub(super) struct Entry<'t> {
    name: &'t [u8],
    node: NodeId,
}

/// The names of a directory, `.` and `..` included, in the order of the format.
pub(super) fn entries(tree: &Tree, id: NodeId) -> Vec<Entry<'_>> {
    let Body::Directory { parent, children } = &tree.nodes[id].body else { return Vec::new() };
    let mut entries: Vec<Entry<'_>> =
        children.iter().map(|(name, node)| Entry { name, node: *node }).collect();
    entries.push(Entry { name: b".", node: id });
    entries.push(Entry { name: b"..", node: *parent });
    entries.sort_by_key(|entry| entry.name);
    entries
}

/// The entries block by block.
pub(super) fn blocks<'e, 't>(entries: &'e [Entry<'t>]) -> impl Iterator<Item = &'e [Entry<'t>]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut used = 0;
        let fitting = rest.iter().take_while(|entry| {
            used += entry.bytes();
            used as u64 <= BLOCK
        });
        let (block, remaining) = rest.split_at(fitting.count());
        rest = remaining;
        Some(block)
    })
}

/// Bytes of the whole directory: full blocks, and what is used of the last.
pub(super) fn size(entries: &[Entry<'_>]) -> u64 {
    let mut size = 0u64;
    for block in blocks(entries) {
        let used: usize = block.iter().map(Entry::bytes).sum();
        size = size.next_multiple_of(BLOCK) + used as u64;
    }
    size
}

/// One block, without the zeros that fill it up.
pub(super) fn encode(block: &[Entry<'_>], tree: &Tree, nids: &[u64]) -> Vec<u8> {
    let mut headers = Vec::with_capacity(block.len() * DIRENT);
    let mut names = Vec::new();
    for entry in block {
        let offset = block.len() * DIRENT + names.len();
        headers.extend_from_slice(&nids[entry.node].to_le_bytes());
        headers.extend_from_slice(&offset.to_le_bytes()[..2]); // below one block
        headers.push(dirent_type(tree.nodes[entry.node].mode()));
        headers.push(0);
        names.extend_from_slice(entry.name);
    }
    headers.append(&mut names);
    headers
}

impl Entry<'_> {
    fn bytes(&self) -> usize {
        DIRENT + self.name.len()
    }
}
