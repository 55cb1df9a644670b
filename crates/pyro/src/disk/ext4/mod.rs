//! ext4, as much of it as the disks made here can become in a guest: read here, and in `write/` filled before
//! there is a guest.
//!
//! Every byte that is read comes from that guest, who may have written what it likes: nothing here panics,
//! allocates by a number from the disk, or loops without making progress that is counted. Checksums are
//! compared only in the journal, where they tell what was written whole; elsewhere whoever forged the bytes
//! would have forged them too.
//!
//! Own code for reading, because what there is does not promise this: the crate ext4-view (1.0) visits a crafted
//! extent tree some 10^12 times, allocates what a link claims as its length, and its replay of a journal
//! knows neither its wrapping around, nor revocations across transactions, nor escaped blocks.
//!
//! The format is that of `Documentation/filesystems/ext4/` of Linux.

pub(super) mod directory;
pub(super) mod extents;
pub(super) mod fields;
pub(super) mod image;
pub(super) mod inode;
pub(super) mod journal;
pub(super) mod superblock;
pub(super) mod write;

/// Bytes of a block; other sizes are refused.
pub(super) const BLOCK: usize = 4096;

/// CRC32C as the kernel's `crc32c_le` computes it: the complement neither before nor after.
fn checksum(seed: u32, bytes: &[u8]) -> u32 {
    !crc32c::crc32c_append(!seed, bytes)
}
