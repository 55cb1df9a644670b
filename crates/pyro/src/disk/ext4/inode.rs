//! Inodes: what a file is, and where its content begins.

use super::extents::{self, Extent};
use super::fields::{Fields, join};
use super::image::Image;
use crate::disk::{Metadata, NodeKind, ViewError};

/// The root directory's.
pub(in crate::disk) const ROOT: u32 = 2;

// `i_flags`, named as in fs/ext4/ext4.h of Linux
const FLAG_ENCRYPT: u32 = 0x800;
const FLAG_EXTENTS: u32 = 0x8_0000;
const FLAG_INLINE_DATA: u32 = 0x1000_0000;

/// Bytes in the inode that hold the root of its extents, or a short link's target.
const INLINE: usize = 60;
/// The longest target of a link (`PATH_MAX` of Linux).
const MAX_TARGET: u64 = 4096;

/// One of them.
#[derive(Debug, Clone)]
pub(in crate::disk) struct Inode {
    pub(in crate::disk) metadata: Metadata,
    flags: u32,
    inline: Vec<u8>,
}

impl Inode {
    pub(in crate::disk) fn read(image: &Image, number: u32) -> Result<Self, ViewError> {
        let bytes = bytes(image, number)?;
        let fields = Fields::new(&bytes, "an inode");
        let mode = fields.u16(0x0)?;
        // the extra field holds two more bits of the seconds, in inodes that are large enough
        let extra = if bytes.len() > 128 { fields.u32(0x88)? & 3 } else { 0 };
        let modified = fields.u32(0x10)?.cast_signed();
        Ok(Self {
            metadata: Metadata {
                kind: kind(mode),
                mode: u32::from(mode & 0o7777),
                size: join(fields.u32(0x6c)?, fields.u32(0x4)?),
                modified: i64::from(modified) + (i64::from(extra) << 32),
            },
            flags: fields.u32(0x20)?,
            inline: fields.bytes(0x28, INLINE)?.to_vec(),
        })
    }

    /// Where the content lies.
    pub(in crate::disk) fn extents(&self, image: &Image) -> Result<Vec<Extent>, ViewError> {
        if self.flags & FLAG_ENCRYPT != 0 {
            return Err(ViewError::Unsupported("an encrypted file"));
        }
        if self.flags & FLAG_INLINE_DATA != 0 || self.flags & FLAG_EXTENTS == 0 {
            if self.metadata.size == 0 {
                return Ok(Vec::new());
            }
            return Err(ViewError::Unsupported("a file without extents"));
        }
        extents::collect(image, &self.inline)
    }

    /// What the link leads to.
    pub(in crate::disk) fn target(&self, image: &Image) -> Result<Vec<u8>, ViewError> {
        let corrupt = ViewError::Corrupt("a symbolic link");
        let size = self.metadata.size;
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        if size == 0 || size > MAX_TARGET {
            return Err(corrupt);
        }
        if self.flags & FLAG_EXTENTS == 0 {
            return self.inline.get(..length).map(<[u8]>::to_vec).ok_or(corrupt);
        }
        let first = self.extents(image)?.into_iter().next();
        let extent = first.filter(|extent| extent.from == 0 && extent.written).ok_or(corrupt)?;
        let mut target = image.block(extent.block)?;
        target.truncate(length);
        Ok(target)
    }
}

fn bytes(image: &Image, number: u32) -> Result<Vec<u8>, ViewError> {
    let superblock = &image.superblock;
    if number == 0 || number > superblock.inodes {
        return Err(ViewError::Corrupt("the number of an inode"));
    }
    let group = (number - 1) / superblock.inodes_per_group;
    let index = (number - 1) % superblock.inodes_per_group;
    let (block, place) = superblock.descriptor_of(group);
    let block = image.block(block)?;
    let descriptors = Fields::new(&block, "a group descriptor");
    let descriptor = descriptors.bytes(place, superblock.descriptor_size)?;
    let fields = Fields::new(descriptor, "a group descriptor");
    let high = if descriptor.len() >= 64 { fields.u32(0x28)? } else { 0 };
    let table = join(high, fields.u32(0x8)?);

    let offset = index as usize * superblock.inode_size;
    let block = table.checked_add((offset / super::BLOCK) as u64);
    let mut bytes = vec![0; superblock.inode_size];
    image.read(block.ok_or(ViewError::Corrupt("an inode"))?, offset % super::BLOCK, &mut bytes)?;
    Ok(bytes)
}

/// The upper four bits of `i_mode`: inode(7).
fn kind(mode: u16) -> NodeKind {
    match mode & 0xf000 {
        0x8000 => NodeKind::File,
        0x4000 => NodeKind::Directory,
        0xa000 => NodeKind::Symlink,
        _ => NodeKind::Other,
    }
}
