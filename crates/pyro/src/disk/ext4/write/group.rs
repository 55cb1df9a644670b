//! Groups: the parts of the file system, each with a block of bits for its blocks, one for its inodes, a
//! table of inodes, and a descriptor that says where these are and how much is free.

use super::super::BLOCK;
use super::super::checksum;
use super::super::image::Image;
use super::block_map::{BlockMap, PER_GROUP};
use super::bytes::{get_apart, put, put_apart};
use super::output::Output;
use crate::disk::FillError;

/// Bytes of a descriptor, and of an inode, in the template.
pub(super) const DESCRIPTOR: usize = 64;
pub(super) const INODE: usize = 256;

// `bg_flags` of fs/ext4/ext4.h of Linux: the bits were never written
const INODES_UNUSED: u8 = 1;
const BLOCKS_UNUSED: u8 = 2;

// where the numbers of blocks are in a descriptor, and the halves of other numbers
const BLOCK_BITS: usize = 0x0;
const INODE_BITS: usize = 0x4;
const TABLE: usize = 0x8;
const FREE_BLOCKS: (usize, usize) = (0xc, 0x2c);
const FREE_INODES: (usize, usize) = (0xe, 0x2e);
const DIRECTORIES: (usize, usize) = (0x10, 0x30);
const FLAGS: usize = 0x12;
const BLOCKS_CHECKSUM: (usize, usize) = (0x18, 0x38);
const INODES_CHECKSUM: (usize, usize) = (0x1a, 0x3a);
const UNUSED_INODES: (usize, usize) = (0x1c, 0x32);
const CHECKSUM: usize = 0x1e;

/// One of them.
#[derive(Debug)]
pub(super) struct Group {
    number: u32,
    descriptor: [u8; DESCRIPTOR],
    /// Where the descriptor lies, in bytes from the start of the disk.
    place: u64,
    /// Which inodes are taken.
    inodes: Vec<u8>,
    inodes_per_group: u32,
    has_changed: bool,
}

impl Group {
    /// Reads it, and marks its blocks that are taken.
    pub(super) fn read(image: &Image, number: u32, map: &mut BlockMap) -> Result<Self, FillError> {
        let superblock = &image.superblock;
        let (block, at) = superblock.descriptor_of(number);
        let mut descriptor = [0; DESCRIPTOR];
        image.read(block, at, &mut descriptor)?;
        let per_group = superblock.inodes_per_group;
        let mut group = Self {
            number,
            descriptor,
            place: block * BLOCK as u64 + at as u64,
            inodes: Vec::new(),
            inodes_per_group: per_group,
            has_changed: false,
        };
        group.inodes = if group.has(INODES_UNUSED) {
            (0..BLOCK).map(|at| if at < per_group as usize / 8 { 0 } else { 0xff }).collect()
        } else {
            image.block(group.block_of(INODE_BITS).into())?
        };
        if !group.has(BLOCKS_UNUSED) {
            map.mark_group(number, &image.block(group.block_of(BLOCK_BITS).into())?);
        }
        group.mark_own(image, map);
        Ok(group)
    }

    /// Marks its bits, its table, and its copy of the superblock with all descriptors. Bits and tables of
    /// several groups lie together in the first of them.
    fn mark_own(&self, image: &Image, map: &mut BlockMap) {
        let per_block = |bytes| u32::try_from(BLOCK / bytes).unwrap_or(1);
        let table = self.inodes_per_group / per_block(INODE);
        for (at, length) in [(BLOCK_BITS, 1), (INODE_BITS, 1), (TABLE, table)] {
            let start = self.block_of(at);
            map.mark(start..start + length);
        }
        if image.superblock.has_superblock(self.number.into()) {
            let start = self.number * PER_GROUP;
            map.mark(start..start + 1 + image.superblock.groups().div_ceil(per_block(DESCRIPTOR)));
        }
    }

    /// Where the inode with this index in the group lies, in bytes from the start of the disk.
    pub(super) fn place_of(&self, index: u32) -> u64 {
        u64::from(self.block_of(TABLE)) * BLOCK as u64 + u64::from(index) * INODE as u64
    }

    /// The first inode behind all that are taken.
    pub(super) fn first_unused(&self) -> u32 {
        self.inodes_per_group - get_apart(&self.descriptor, UNUSED_INODES)
    }

    /// Notes that an inode is taken.
    pub(super) fn take_inode(&mut self, index: u32, is_directory: bool) {
        self.inodes[index as usize / 8] |= 1 << (index % 8);
        self.has_changed = true;
        let free = get_apart(&self.descriptor, FREE_INODES);
        put_apart(&mut self.descriptor, FREE_INODES, free.saturating_sub(1));
        let unused = get_apart(&self.descriptor, UNUSED_INODES);
        let behind = self.inodes_per_group - index - 1;
        put_apart(&mut self.descriptor, UNUSED_INODES, unused.min(behind));
        if is_directory {
            let directories = get_apart(&self.descriptor, DIRECTORIES);
            put_apart(&mut self.descriptor, DIRECTORIES, directories + 1);
        }
    }

    /// Writes what has changed: the bits, and the descriptor with their sums.
    pub(super) fn write(
        mut self,
        map: &BlockMap,
        seed: u32,
        output: &mut Output<'_>,
    ) -> Result<Free, FillError> {
        if self.has_changed || map.has_changed(self.number) {
            let (bits, free) = map.group(self.number);
            put_apart(&mut self.descriptor, FREE_BLOCKS, free);
            put_apart(&mut self.descriptor, BLOCKS_CHECKSUM, checksum(seed, &bits));
            let used = self.inodes.get(..self.inodes_per_group as usize / 8).unwrap_or_default();
            let sum = checksum(seed, used);
            put_apart(&mut self.descriptor, INODES_CHECKSUM, sum);
            self.descriptor[FLAGS] &= !(INODES_UNUSED | BLOCKS_UNUSED);
            let sum = self.checksum(seed).to_le_bytes();
            put(&mut self.descriptor, CHECKSUM, [sum[0], sum[1]]);
            output.put(u64::from(self.block_of(BLOCK_BITS)) * BLOCK as u64, &bits)?;
            output.put(u64::from(self.block_of(INODE_BITS)) * BLOCK as u64, &self.inodes)?;
            output.put(self.place, &self.descriptor)?;
        }
        let blocks = get_apart(&self.descriptor, FREE_BLOCKS);
        Ok(Free { blocks, inodes: get_apart(&self.descriptor, FREE_INODES) })
    }

    /// Of the descriptor, its own place read as zeros.
    fn checksum(&self, seed: u32) -> u32 {
        let sum = checksum(seed, &self.number.to_le_bytes());
        let sum = checksum(checksum(sum, &self.descriptor[..CHECKSUM]), &[0; 2]);
        checksum(sum, &self.descriptor[CHECKSUM + 2..])
    }

    fn has(&self, flag: u8) -> bool {
        self.descriptor[FLAGS] & flag != 0
    }

    /// A block's number in the descriptor; its upper half is for disks of more than 16 TiB.
    fn block_of(&self, at: usize) -> u32 {
        get_apart(&self.descriptor, (at, at + 2))
    }
}

/// What is free.
#[derive(Debug, Clone, Copy)]
pub(super) struct Free {
    pub(super) blocks: u32,
    pub(super) inodes: u32,
}
