//! The superblock: sizes, and what one must understand to read the rest.

use super::BLOCK;
use super::fields::{Fields, join};
use crate::disk::ViewError;

/// Where it lies, in bytes from the start of the disk, and its length.
pub(super) const PLACE: u64 = 1024;
pub(super) const LENGTH: usize = 1024;

/// The most blocks, and the most inodes, of a group: each has one block of bits for them.
const MAX_IN_GROUP: u32 = 32768;

const MAGIC: u16 = 0xef53;

// `s_feature_compat` and `s_feature_incompat`, named as in fs/ext4/ext4.h of Linux
const COMPAT_HAS_JOURNAL: u32 = 0x4;
const COMPAT_FAST_COMMIT: u32 = 0x400;
const INCOMPAT_FILETYPE: u32 = 0x2;
const INCOMPAT_RECOVER: u32 = 0x4;
const INCOMPAT_META_BG: u32 = 0x10;
const INCOMPAT_EXTENTS: u32 = 0x40;
const INCOMPAT_64BIT: u32 = 0x80;
const INCOMPAT_FLEX_BG: u32 = 0x200;
const INCOMPAT_CSUM_SEED: u32 = 0x2000;
/// The disks made here have these two, and reading relies on them.
const REQUIRED: u32 = INCOMPAT_FILETYPE | INCOMPAT_EXTENTS;
const UNDERSTOOD: u32 = REQUIRED
    | INCOMPAT_RECOVER
    | INCOMPAT_META_BG
    | INCOMPAT_64BIT
    | INCOMPAT_FLEX_BG
    | INCOMPAT_CSUM_SEED;
const RO_COMPAT_SPARSE_SUPER: u32 = 0x1;

/// What of it reading needs.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) blocks: u64,
    blocks_per_group: u32,
    pub(super) inodes: u32,
    pub(super) inodes_per_group: u32,
    /// Bytes of an inode.
    pub(super) inode_size: usize,
    /// Bytes of a group descriptor.
    pub(super) descriptor_size: usize,
    /// From this block of descriptors on, each lies in the first of its groups.
    first_meta_group: Option<u32>,
    sparse: bool,
    /// The journal's inode, where the journal holds what the file system does not yet.
    pub(super) journal_to_replay: Option<u32>,
}

impl Superblock {
    /// Reads it. `length` is the disk's, in bytes.
    pub(super) fn parse(bytes: &[u8], length: u64) -> Result<Self, ViewError> {
        let fields = Fields::new(bytes, "the superblock");
        let corrupt = ViewError::Corrupt("the superblock");
        if fields.u16(0x38)? != MAGIC {
            return Err(ViewError::Unsupported("a disk without an ext4 file system"));
        }
        let (compat, incompat) = (fields.u32(0x5c)?, fields.u32(0x60)?);
        if incompat & !UNDERSTOOD != 0 || incompat & REQUIRED != REQUIRED {
            return Err(ViewError::Unsupported(
                "a file system with other features than pyro's disks",
            ));
        }
        if fields.u32(0x18)? != 2 || fields.u32(0x14)? != 0 {
            return Err(ViewError::Unsupported(
                "a file system with blocks of another size than 4096",
            ));
        }
        let wide = incompat & INCOMPAT_64BIT != 0;
        let blocks = join(if wide { fields.u32(0x150)? } else { 0 }, fields.u32(0x4)?);
        let superblock = Self {
            blocks,
            blocks_per_group: fields.u32(0x20)?,
            inodes: fields.u32(0x0)?,
            inodes_per_group: fields.u32(0x28)?,
            inode_size: fields.u16(0x58)?.into(),
            descriptor_size: if wide { fields.u16(0xfe)?.into() } else { 32 },
            first_meta_group: (incompat & INCOMPAT_META_BG != 0)
                .then(|| fields.u32(0x104))
                .transpose()?,
            sparse: fields.u32(0x64)? & RO_COMPAT_SPARSE_SUPER != 0,
            journal_to_replay: (incompat & INCOMPAT_RECOVER != 0)
                .then(|| fields.u32(0xe0))
                .transpose()?,
        };
        let sizes = superblock.inode_size.is_power_of_two()
            && (128..=BLOCK).contains(&superblock.inode_size)
            && superblock.descriptor_size.is_power_of_two()
            && (32..=BLOCK).contains(&superblock.descriptor_size)
            && (!wide || superblock.descriptor_size >= 64);
        let groups = (1..=MAX_IN_GROUP).contains(&superblock.blocks_per_group)
            && (1..=MAX_IN_GROUP).contains(&superblock.inodes_per_group);
        if !sizes || !groups || blocks > length / BLOCK as u64 {
            return Err(corrupt);
        }
        let has_journal = compat & COMPAT_HAS_JOURNAL != 0;
        if superblock.journal_to_replay.is_some()
            && (!has_journal || compat & COMPAT_FAST_COMMIT != 0)
        {
            return Err(ViewError::Unsupported("a journal of another kind than pyro's disks have"));
        }
        Ok(superblock)
    }

    /// Where the descriptor of a group lies: block, and byte in it.
    pub(super) fn descriptor_of(&self, group: u32) -> (u64, usize) {
        let per_block = u32::try_from(BLOCK / self.descriptor_size).unwrap_or(1);
        let (index, place) = (group / per_block, group % per_block);
        let block = match self.first_meta_group {
            Some(first) if index >= first => {
                let first_group = u64::from(index) * u64::from(per_block);
                let start = first_group * u64::from(self.blocks_per_group);
                start + u64::from(self.has_superblock(first_group))
            }
            _ => 1 + u64::from(index),
        };
        (block, place as usize * self.descriptor_size)
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> u32 {
        u32::try_from(self.blocks.div_ceil(self.blocks_per_group.into())).unwrap_or(u32::MAX)
    }

    /// Groups 0 and 1 and the powers of 3, 5 and 7, or all.
    pub(super) fn has_superblock(&self, group: u64) -> bool {
        let is_power = |base: u64| {
            std::iter::successors(Some(base), |power| power.checked_mul(base))
                .take_while(|power| *power <= group)
                .any(|power| power == group)
        };
        !self.sparse || group <= 1 || [3, 5, 7].into_iter().any(is_power)
    }
}
