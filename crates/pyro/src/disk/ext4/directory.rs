//! Directories: names and inode numbers. Those with a hash tree are read like all others, because its
//! inner nodes look like blocks of deleted names.

use super::BLOCK;
use super::fields::Fields;
use super::image::Image;
use super::inode::Inode;
use crate::disk::{NodeKind, ViewError};
use std::ops::ControlFlow;

/// The most bytes of a directory that are read: a million names of 50 bytes.
const MAX_BYTES: u64 = 64 << 20;
/// Bytes of an entry before its name.
const HEADER: usize = 8;

/// Shows `to` each name and the number of its inode, `.` and `..` apart, in the order of the disk.
pub(in crate::disk) fn each(
    image: &Image,
    directory: &Inode,
    mut to: impl FnMut(&[u8], u32) -> Result<ControlFlow<()>, ViewError>,
) -> Result<(), ViewError> {
    if directory.metadata.kind != NodeKind::Directory {
        return Err(ViewError::Corrupt("a directory"));
    }
    if directory.metadata.size > MAX_BYTES {
        return Err(ViewError::Unsupported("a directory of more than 64 MiB"));
    }
    let end = directory.metadata.size.div_ceil(BLOCK as u64);
    for extent in directory.extents(image)? {
        let length = u64::from(extent.length).min(end.saturating_sub(extent.from.into()));
        for index in (0..length).filter(|_| extent.written) {
            let block = image.block(extent.block.saturating_add(index))?;
            if each_in(&block, &mut to)?.is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn each_in(
    block: &[u8],
    to: &mut impl FnMut(&[u8], u32) -> Result<ControlFlow<()>, ViewError>,
) -> Result<ControlFlow<()>, ViewError> {
    let fields = Fields::new(block, "a directory");
    let mut at = 0;
    while at < block.len() {
        let (inode, length) = (fields.u32(at)?, usize::from(fields.u16(at + 4)?));
        let entry = Fields::new(fields.bytes(at, length)?, "a directory");
        if length < HEADER {
            return Err(ViewError::Corrupt("a directory"));
        }
        at += length;
        let name = entry.bytes(HEADER, entry.u8(6)?.into());
        if inode == 0 {
            continue; // deleted, a node of the hash tree, or the block's checksum
        }
        let name = name?;
        if matches!(name, b"." | b"..") {
            continue;
        }
        if name.is_empty() || name.iter().any(|byte| matches!(byte, 0 | b'/')) {
            return Err(ViewError::Corrupt("a name in a directory"));
        }
        if to(name, inode)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}
