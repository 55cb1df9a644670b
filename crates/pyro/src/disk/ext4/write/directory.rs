//! Directories: one block of names where these fit, otherwise blocks of them in the order of the
//! names' hashes, and before them an index of the hashes. The format is that of `fs/ext4/namei.c` of Linux.

use super::super::BLOCK;
use super::super::checksum;
use super::bytes::put;
use super::content::Blocks;
use super::hash::half_md4;
use super::node::Run;
use crate::disk::FillError;

/// Bytes of a name's entry before the name.
const HEADER: usize = 8;
/// Bytes of the entry that holds a block's checksum, at its end; its kind says what it is.
const TAIL: usize = 12;
const KIND_OF_TAIL: u8 = 0xde;
pub(super) const KIND_OF_DIRECTORY: u8 = 2;

/// Bytes of an index's entry, and of its checksum.
const POINTER: usize = 8;
/// Bytes of the index's root before its entries, and of its other nodes.
const ROOT_HEAD: usize = 32;
const NODE_HEAD: usize = 8;
const IN_ROOT: usize = (BLOCK - ROOT_HEAD) / POINTER - 1;
const IN_NODE: usize = (BLOCK - NODE_HEAD) / POINTER - 1;
/// `DX_HASH_HALF_MD4`
const HALF_MD4: u8 = 1;

/// A name, its inode, and what that is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) name: &'a [u8],
    pub(super) inode: u32,
    pub(super) kind: u8,
}

/// Where a directory was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) runs: Vec<Run>,
    pub(super) blocks: u32,
    pub(super) has_index: bool,
}

/// What checksums and hashes of a directory begin with, and the numbers of its inode and its parent's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) inode: u32,
    pub(super) parent: u32,
    pub(super) seed: u32,
    pub(super) hash_seed: [u32; 4],
}

/// Writes a directory.
pub(super) fn write<'a>(
    blocks: &mut Blocks<'_>,
    identity: &Identity,
    entries: impl Iterator<Item = Entry<'a>> + Clone,
) -> Result<Written, FillError> {
    let mut runs = Vec::new();
    if let Some(block) = one_block(identity, entries.clone()) {
        blocks.place(0, &block, &mut runs)?;
        return Ok(Written { runs, blocks: 1, has_index: false });
    }
    // the root's place is taken first, so that the directory lies on the disk as it is read
    blocks.place(0, &[0; BLOCK], &mut runs)?;
    let root = u64::from(runs[0].block) * BLOCK as u64;
    let mut tree = Tree { blocks, seed: identity.seed, runs, next: 1 };
    let mut pointers = tree.leaves(sorted(entries, identity.hash_seed))?;
    let mut levels = 0;
    if pointers.len() > IN_ROOT {
        pointers = tree.nodes(&pointers)?;
        levels = 1;
    }
    if pointers.len() > IN_ROOT {
        return Err(FillError::Full("names of one directory"));
    }
    let Tree { runs, next, .. } = tree;
    blocks.output.put(root, &index(&root_head(identity, levels), &pointers, identity.seed))?;
    Ok(Written { runs, blocks: next, has_index: true })
}

/// The whole directory as one block, where it fits.
pub(super) fn one_block<'a>(
    identity: &Identity,
    entries: impl Iterator<Item = Entry<'a>>,
) -> Option<[u8; BLOCK]> {
    let mut leaf = Leaf::new();
    for entry in dots(identity).into_iter().chain(entries) {
        leaf.add(entry)?;
    }
    Some(leaf.finish(identity.seed))
}

fn dots(identity: &Identity) -> [Entry<'static>; 2] {
    let kind = KIND_OF_DIRECTORY;
    [
        Entry { name: b".", inode: identity.inode, kind },
        Entry { name: b"..", inode: identity.parent, kind },
    ]
}

/// A name with its hash.
struct Hashed<'a> {
    hash: (u32, u32),
    entry: Entry<'a>,
}

fn sorted<'a>(entries: impl Iterator<Item = Entry<'a>>, seed: [u32; 4]) -> Vec<Hashed<'a>> {
    let hashed = entries.map(|entry| Hashed { hash: half_md4(entry.name, seed), entry });
    let mut hashed: Vec<_> = hashed.collect();
    hashed.sort_unstable_by_key(|hashed| hashed.hash);
    hashed
}

/// From this hash on, names are in this block of the directory.
type Pointer = (u32, u32);

/// A directory of many blocks, while it is written.
struct Tree<'b, 'a> {
    blocks: &'b mut Blocks<'a>,
    seed: u32,
    runs: Vec<Run>,
    /// The next block of the directory.
    next: u32,
}

impl Tree<'_, '_> {
    /// Writes the names.
    fn leaves(&mut self, names: Vec<Hashed<'_>>) -> Result<Vec<Pointer>, FillError> {
        let mut pointers = vec![(0, self.next)];
        let mut leaf = Leaf::new();
        let mut last = 0;
        for Hashed { hash: (hash, _), entry } in names {
            if leaf.add(entry).is_none() {
                let full = std::mem::replace(&mut leaf, Leaf::new());
                self.place(&full.finish(self.seed))?;
                // the free bit says that names with this hash are in the block before as well
                pointers.push((hash | u32::from(hash == last), self.next));
                leaf.add(entry).ok_or(FillError::Full("bytes of one name"))?;
            }
            last = hash;
        }
        self.place(&leaf.finish(self.seed))?;
        Ok(pointers)
    }

    /// Writes a level of the index above what these point to.
    fn nodes(&mut self, pointers: &[Pointer]) -> Result<Vec<Pointer>, FillError> {
        let mut head = [0; NODE_HEAD];
        put(&mut head, 4, short(BLOCK));
        let mut above = Vec::new();
        for pointers in pointers.chunks(IN_NODE) {
            above.push((pointers[0].0, self.next));
            self.place(&index(&head, pointers, self.seed))?;
        }
        Ok(above)
    }

    fn place(&mut self, block: &[u8; BLOCK]) -> Result<(), FillError> {
        self.blocks.place(self.next, block, &mut self.runs)?;
        self.next += 1;
        Ok(())
    }
}

/// The beginning of the index's root: it reads like a block with `.` and `..` alone.
fn root_head(identity: &Identity, levels: u8) -> [u8; ROOT_HEAD] {
    let mut head = [0; ROOT_HEAD];
    let [dot, above] = dots(identity);
    put_entry(&mut head, dot, 12);
    put_entry(&mut head[12..], above, BLOCK - 12);
    put(&mut head, 28, [HALF_MD4, 8, levels, 0]); // 8: bytes of these four and the zeros before them
    head
}

/// A node of the index: the first pointer's hash is its parent's, in its place is how many there are and can
/// be.
fn index(head: &[u8], pointers: &[Pointer], seed: u32) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..head.len()].copy_from_slice(head);
    let room = (BLOCK - head.len()) / POINTER - 1;
    for ((hash, to), at) in pointers.iter().zip((head.len()..).step_by(POINTER)) {
        put(&mut block, at, hash.to_le_bytes());
        put(&mut block, at + 4, to.to_le_bytes());
    }
    put(&mut block, head.len(), short(room));
    put(&mut block, head.len() + 2, short(pointers.len()));
    let used = head.len() + pointers.len() * POINTER;
    let sum = checksum(checksum(seed, &block[..used]), &[0; POINTER]);
    put(&mut block, BLOCK - 4, sum.to_le_bytes());
    block
}

/// A block of names.
struct Leaf {
    block: [u8; BLOCK],
    /// Where the last entry begins, and where the next would.
    last: usize,
    end: usize,
}

impl Leaf {
    fn new() -> Self {
        Self { block: [0; BLOCK], last: 0, end: 0 }
    }

    /// Adds a name; `None` where there is no room for it.
    fn add(&mut self, entry: Entry<'_>) -> Option<()> {
        let length = HEADER + entry.name.len().next_multiple_of(4);
        if self.end + length > BLOCK - TAIL {
            return None;
        }
        self.last = self.end;
        put_entry(&mut self.block[self.end..], entry, length);
        self.end += length;
        Some(())
    }

    /// The last entry takes all the room that is left.
    fn finish(self, seed: u32) -> [u8; BLOCK] {
        let Self { mut block, last, .. } = self;
        let tail = BLOCK - TAIL;
        put(&mut block, last + 4, short(tail - last));
        put(&mut block, tail + 4, short(TAIL));
        block[tail + 7] = KIND_OF_TAIL;
        let sum = checksum(seed, &block[..tail]);
        put(&mut block, tail + HEADER, sum.to_le_bytes());
        block
    }
}

fn put_entry(into: &mut [u8], entry: Entry<'_>, length: usize) {
    put(into, 0, entry.inode.to_le_bytes());
    put(into, 4, short(length));
    into[6] = u8::try_from(entry.name.len()).unwrap_or(u8::MAX);
    into[7] = entry.kind;
    into[HEADER..HEADER + entry.name.len()].copy_from_slice(entry.name);
}

/// A number of bytes or entries of one block.
fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes()
}
