//! The on-disk structures, as bytes. Source of every offset and number: `fs/erofs/erofs_fs.h` of
//! Linux 6.1. All integers are little-endian. Encoding only: where things go is `place`'s business.

/// Bytes of a block.
pub(super) const BLOCK: u64 = BLOCK_BYTES as u64;
const BLOCK_BYTES: usize = 4096;
/// Bytes between two possible inode positions; a node id counts them from the metadata's start.
pub(super) const SLOT: u64 = 32;
/// Bytes of an extended inode (`struct erofs_inode_extended`).
pub(super) const INODE: u64 = INODE_BYTES as u64;
const INODE_BYTES: usize = 64;
/// Bytes of a directory entry without its name (`struct erofs_dirent`).
pub(super) const DIRENT: usize = 12;
/// Bytes of `struct erofs_xattr_ibody_header`.
pub(super) const XATTR_HEADER: usize = 12;
/// Longest name that the kernel reads (`EROFS_NAME_LEN`).
pub(super) const NAME_MAX: usize = 255;
/// Where the superblock lies in block 0 (`EROFS_SUPER_OFFSET`).
const SUPERBLOCK_OFFSET: usize = 1024;
const MAGIC: u32 = 0xE0F5_E1E2;
/// `EROFS_FEATURE_COMPAT_SB_CHKSUM` and `EROFS_FEATURE_COMPAT_MTIME`.
const FEATURE_COMPAT: u32 = 0x1 | 0x2;
/// One identity for all images: they are told apart by content digest, never by this.
const UUID: [u8; 16] = *b"pyro-root-image\0";
/// `EROFS_I_VERSION` bit: extended inode.
const EXTENDED: u16 = 1;
/// `EROFS_INODE_FLAT_INLINE` in the layout bits: the last, partial block follows the inode.
const FLAT_INLINE: u16 = 2 << 1;

/// Type bits of `st_mode`, after `include/uapi/linux/stat.h`.
pub(super) mod file_type {
    pub(in super::super) const FIFO: u16 = 0o010_000;
    pub(in super::super) const CHARACTER: u16 = 0o020_000;
    pub(in super::super) const DIRECTORY: u16 = 0o040_000;
    pub(in super::super) const BLOCK: u16 = 0o060_000;
    pub(in super::super) const REGULAR: u16 = 0o100_000;
    pub(in super::super) const SYMLINK: u16 = 0o120_000;
}

/// The `file_type` byte of a directory entry, after `include/linux/fs_types.h`.
pub(super) fn dirent_type(mode: u16) -> u8 {
    match mode & 0o170_000 {
        file_type::REGULAR => 1,
        file_type::DIRECTORY => 2,
        file_type::CHARACTER => 3,
        file_type::BLOCK => 4,
        file_type::FIFO => 5,
        file_type::SYMLINK => 7,
        _ => 0,
    }
}

/// An inode as it lies on disk, without the attributes and the tail that follow it.
pub(super) struct Inode {
    /// A tail follows the attributes.
    pub(super) inline: bool,
    /// Bytes of attributes that follow.
    pub(super) xattr_bytes: usize,
    /// Type and permission bits.
    pub(super) mode: u16,
    /// Bytes of content.
    pub(super) size: u64,
    /// First block of the content, or the device number.
    pub(super) start: u32,
    /// A number for tools that want 32 bits.
    pub(super) number: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    pub(super) links: u32,
}

impl Inode {
    pub(super) fn encode(&self) -> [u8; INODE_BYTES] {
        let mut bytes = [0; INODE_BYTES];
        let format = EXTENDED | if self.inline { FLAT_INLINE } else { 0 };
        put(&mut bytes, 0, &format.to_le_bytes());
        put(&mut bytes, 2, &xattr_count(self.xattr_bytes).to_le_bytes());
        put(&mut bytes, 4, &self.mode.to_le_bytes());
        put(&mut bytes, 8, &self.size.to_le_bytes());
        put(&mut bytes, 16, &self.start.to_le_bytes());
        put(&mut bytes, 20, &self.number.to_le_bytes());
        put(&mut bytes, 24, &self.uid.to_le_bytes());
        put(&mut bytes, 28, &self.gid.to_le_bytes());
        put(&mut bytes, 32, &self.mtime.to_le_bytes());
        put(&mut bytes, 44, &self.links.to_le_bytes());
        bytes
    }
}

/// `i_xattr_icount`: one for the header, one for each further four bytes.
fn xattr_count(bytes: usize) -> u16 {
    match bytes.checked_sub(XATTR_HEADER) {
        Some(entries) => u16::try_from(entries / 4 + 1).unwrap_or(u16::MAX),
        None => 0,
    }
}

/// `new_encode_dev` of `include/linux/kdev_t.h`; `None` beyond 12 bits of major, 20 of minor.
pub(super) fn device_number(major: u32, minor: u32) -> Option<u32> {
    (major < 1 << 12 && minor < 1 << 20)
        .then_some((minor & 0xff) | (major << 8) | ((minor & !0xff) << 12))
}

/// What the superblock says about the image.
pub(super) struct Superblock {
    pub(super) root_nid: u16,
    pub(super) inodes: u64,
    pub(super) blocks: u32,
    pub(super) metadata_block: u32,
}

impl Superblock {
    /// The whole of block 0.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; BLOCK_BYTES];
        let (_, body) = bytes.split_at_mut(SUPERBLOCK_OFFSET);
        put(body, 0, &MAGIC.to_le_bytes());
        put(body, 8, &FEATURE_COMPAT.to_le_bytes());
        put(body, 12, &[BLOCK.ilog2().to_le_bytes()[0]]);
        put(body, 14, &self.root_nid.to_le_bytes());
        put(body, 16, &self.inodes.to_le_bytes());
        put(body, 36, &self.blocks.to_le_bytes());
        put(body, 40, &self.metadata_block.to_le_bytes());
        put(body, 48, &UUID);
        // The kernel's crc32c leaves out the final inversion that the crate makes.
        let checksum = !crc32c::crc32c(body);
        put(body, 4, &checksum.to_le_bytes());
        bytes
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_keep_large_minors_apart() {
        assert_eq!(device_number(8, 1), Some(0x801));
        assert_eq!(device_number(0xfff, 0xf_ffff), Some(0xffff_ffff));
        assert_eq!(device_number(0x1000, 0), None);
        assert_eq!(device_number(0, 1 << 20), None);
    }
}
