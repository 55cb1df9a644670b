//! Inodes: what a file is, and where its content begins.

use super::super::BLOCK;
use super::super::checksum;
use super::bytes::{put, put_apart};
use super::content::Blocks;
use super::directory::{self, Entry, Identity, KIND_OF_DIRECTORY};
use super::extents::{self, ROOT};
use super::group::INODE;
use super::node::{Body, Node, Nodes, Place, Run};
use crate::disk::FillError;
use std::collections::BTreeMap;
use std::time::Duration;

/// What an inode counts its blocks in.
const SECTORS: u64 = BLOCK as u64 / 512;
/// The latest time that has a place (`EXT4_EXTRA_TIMESTAMP_MAX` of fs/ext4/ext4.h of Linux), in Unix seconds.
const LATEST: i64 = (1 << 34) - 1 - (1 << 31);
/// Bytes of the fields behind the first 128.
const EXTRA: u16 = 32;

// `i_flags` of fs/ext4/ext4.h of Linux
const FLAG_INDEX: u32 = 0x1000;
const FLAG_EXTENTS: u32 = 0x8_0000;

/// Where the halves of the checksum are.
const CHECKSUM: (usize, usize) = (0x7c, 0x82);

/// What all inodes that are written together have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    /// What the file system's checksums begin with.
    pub(super) seed: u32,
    pub(super) hash_seed: [u32; 4],
    /// The time of the writing, since 1970.
    pub(super) now: Duration,
}

/// What an inode says of its content.
#[derive(Debug)]
struct Content {
    kind: u16,
    links: u32,
    size: u64,
    blocks: u64,
    flags: u32,
    root: [u8; ROOT],
}

impl Stamp {
    /// What checksums of an inode, and of its blocks, begin with. The generation of all is zero.
    pub(super) fn seed_of(&self, inode: u32) -> u32 {
        checksum(checksum(self.seed, &inode.to_le_bytes()), &[0; 4])
    }

    /// The last thing to do with an inode.
    pub(super) fn seal(&self, number: u32, inode: &mut [u8; INODE]) {
        put_apart(inode, CHECKSUM, 0);
        let sum = checksum(self.seed_of(number), inode);
        put_apart(inode, CHECKSUM, sum);
    }

    /// Puts a time, the nanoseconds and the upper bits of the seconds apart.
    pub(super) fn put_time(
        &self,
        inode: &mut [u8],
        (at, extra): (usize, usize),
        seconds: Option<i64>,
    ) {
        let now = (i64::try_from(self.now.as_secs()).unwrap_or(LATEST), self.now.subsec_nanos());
        let (seconds, nanoseconds) = seconds.map_or(now, |seconds| (seconds, 0));
        let seconds = seconds.clamp(0, LATEST);
        let [a, b, c, d, ..] = seconds.to_le_bytes();
        // the lower half has a sign, and the upper bits make up for it
        let above = seconds - i64::from(i32::from_le_bytes([a, b, c, d]));
        let epoch = u32::try_from(above >> 32).unwrap_or(0);
        put(inode, at, [a, b, c, d]);
        put(inode, extra, (nanoseconds << 2 | epoch).to_le_bytes());
    }
}

/// Writes what belongs to a node and was not placed yet, and returns its inode.
pub(super) fn write(
    blocks: &mut Blocks<'_>,
    stamp: &Stamp,
    nodes: &Nodes,
    (number, node): (u32, &Node),
) -> Result<[u8; INODE], FillError> {
    let content = match &node.body {
        Body::File { size, place } => file(blocks, stamp, number, (*size, place), node.names)?,
        Body::Directory { parent, names } => {
            let identity = Identity {
                inode: number,
                parent: *parent,
                seed: stamp.seed_of(number),
                hash_seed: stamp.hash_seed,
            };
            directory(blocks, &identity, names, nodes)?
        }
        Body::Symlink(target) => symlink(blocks, stamp, number, target, node.names)?,
    };
    let mut inode = [0; INODE];
    put(&mut inode, 0x0, (content.kind | node.mode).to_le_bytes());
    put_apart(&mut inode, (0x4, 0x6), u32::try_from(content.size & 0xffff_ffff).unwrap_or(0));
    put_apart(&mut inode, (0x6c, 0x6e), u32::try_from(content.size >> 32).unwrap_or(0));
    let [a, b, ..] = content.links.to_le_bytes();
    put(&mut inode, 0x1a, [a, b]);
    let [a, b, c, d, e, f, ..] = (content.blocks * SECTORS).to_le_bytes();
    put(&mut inode, 0x1c, [a, b, c, d]);
    put(&mut inode, 0x74, [e, f]);
    put(&mut inode, 0x20, content.flags.to_le_bytes());
    put(&mut inode, 0x28, content.root);
    put(&mut inode, 0x80, EXTRA.to_le_bytes());
    stamp.put_time(&mut inode, (0x8, 0x8c), node.modified);
    stamp.put_time(&mut inode, (0x10, 0x88), node.modified);
    stamp.put_time(&mut inode, (0xc, 0x84), None);
    stamp.put_time(&mut inode, (0x90, 0x94), None);
    stamp.seal(number, &mut inode);
    Ok(inode)
}

/// The kind of a node in a directory's entry.
pub(super) fn kind_in_directory(body: &Body) -> u8 {
    match body {
        Body::File { .. } => 1,
        Body::Directory { .. } => KIND_OF_DIRECTORY,
        Body::Symlink(_) => 7,
    }
}

fn file(
    blocks: &mut Blocks<'_>,
    stamp: &Stamp,
    number: u32,
    (size, place): (u64, &Place),
    links: u32,
) -> Result<Content, FillError> {
    let (root, count) = tree(blocks, place.runs(), stamp.seed_of(number))?;
    Ok(Content { kind: 0x8000, links, size, blocks: count, flags: FLAG_EXTENTS, root })
}

fn directory(
    blocks: &mut Blocks<'_>,
    identity: &Identity,
    names: &BTreeMap<Box<[u8]>, u32>,
    nodes: &Nodes,
) -> Result<Content, FillError> {
    let entries = names.iter().filter_map(|(name, inode)| {
        let kind = kind_in_directory(&nodes.get(*inode)?.body);
        Some(Entry { name, inode: *inode, kind })
    });
    let below = entries.clone().filter(|entry| entry.kind == KIND_OF_DIRECTORY).count();
    let written = directory::write(blocks, identity, entries)?;
    let (root, count) = tree(blocks, &written.runs, identity.seed)?;
    let flags = if written.has_index { FLAG_EXTENTS | FLAG_INDEX } else { FLAG_EXTENTS };
    // one stands for too many to count (`ext4_inc_count` of Linux)
    let links = u32::try_from(below + 2).ok().filter(|links| *links <= super::MAX_LINKS);
    let size = u64::from(written.blocks) * BLOCK as u64;
    Ok(Content { kind: 0x4000, links: links.unwrap_or(1), size, blocks: count, flags, root })
}

/// A short target is in the inode itself.
fn symlink(
    blocks: &mut Blocks<'_>,
    stamp: &Stamp,
    number: u32,
    target: &[u8],
    links: u32,
) -> Result<Content, FillError> {
    let size = target.len() as u64;
    let mut content = Content { kind: 0xa000, links, size, blocks: 0, flags: 0, root: [0; ROOT] };
    if target.len() < ROOT {
        content.root[..target.len()].copy_from_slice(target);
        return Ok(content);
    }
    let mut block = [0; BLOCK];
    block[..target.len()].copy_from_slice(target);
    let run = Run { from: 0, block: blocks.place_one(&block)?, length: 1 };
    (content.root, content.blocks) = tree(blocks, &[run], stamp.seed_of(number))?;
    content.flags = FLAG_EXTENTS;
    Ok(content)
}

/// The root of the tree, and all blocks of the file, the tree's among them.
fn tree(blocks: &mut Blocks<'_>, runs: &[Run], seed: u32) -> Result<([u8; ROOT], u64), FillError> {
    let (root, nodes) = extents::write(blocks, runs, seed)?;
    let placed: u64 = runs.iter().map(|run| u64::from(run.length)).sum();
    Ok((root, placed + u64::from(nodes)))
}
