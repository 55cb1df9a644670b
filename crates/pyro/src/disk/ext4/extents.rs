//! Where the content of a file lies: a tree of extents, flattened.

use super::fields::{Fields, join};
use super::image::Image;
use crate::disk::ViewError;

const MAGIC: u16 = 0xf30a;
/// Bytes of a node's header, and of each entry behind it.
const ENTRY: usize = 12;
/// Levels below the root (`EXT4_MAX_EXTENT_DEPTH` of Linux).
const MAX_DEPTH: u16 = 5;
/// More blocks than this in one extent mean that they are reserved and read as zeros.
const MAX_WRITTEN: u16 = 32768;
/// The most extents of one file: 6 MiB of memory.
const MAX_EXTENTS: usize = 1 << 18;

/// Blocks of a file that lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::disk) struct Extent {
    /// The first of them in the file.
    pub(in crate::disk) from: u32,
    /// How many.
    pub(in crate::disk) length: u32,
    /// The first of them on the disk.
    pub(in crate::disk) block: u64,
    /// Whether they hold anything; else they read as zeros.
    pub(in crate::disk) written: bool,
}

/// All extents, in the order of the file, from the root of the tree.
pub(super) fn collect(image: &Image, root: &[u8]) -> Result<Vec<Extent>, ViewError> {
    let mut extents = Vec::new();
    let depth = Fields::new(root, "an extent tree").u16(6)?;
    if depth > MAX_DEPTH {
        return Err(corrupt());
    }
    visit(image, root, depth, &mut extents)?;
    Ok(extents)
}

/// Each node below the root must add an extent, and each extent lies behind the one before it: so
/// however the tree is tied, there are no more visits than extents times levels.
fn visit(
    image: &Image,
    node: &[u8],
    depth: u16,
    extents: &mut Vec<Extent>,
) -> Result<(), ViewError> {
    let fields = Fields::new(node, "an extent tree");
    if fields.u16(0)? != MAGIC || fields.u16(6)? != depth {
        return Err(corrupt());
    }
    for entry in 1..=usize::from(fields.u16(2)?) {
        let entry = Fields::new(fields.bytes(entry * ENTRY, ENTRY)?, "an extent tree");
        if depth == 0 {
            push(extent(entry)?, extents)?;
            continue;
        }
        let child = image.block(join(entry.u16(8)?.into(), entry.u32(4)?))?;
        let known = extents.len();
        visit(image, &child, depth - 1, extents)?;
        if extents.len() == known {
            return Err(corrupt());
        }
    }
    Ok(())
}

fn extent(entry: Fields<'_>) -> Result<Extent, ViewError> {
    let length = entry.u16(4)?;
    let written = length <= MAX_WRITTEN;
    Ok(Extent {
        from: entry.u32(0)?,
        length: u32::from(if written { length } else { length - MAX_WRITTEN }),
        block: join(entry.u16(6)?.into(), entry.u32(8)?),
        written,
    })
}

fn push(extent: Extent, extents: &mut Vec<Extent>) -> Result<(), ViewError> {
    let behind = extents.last().is_none_or(|last| last.from + last.length <= extent.from);
    if !behind || extent.length == 0 || extent.from.checked_add(extent.length).is_none() {
        return Err(corrupt());
    }
    if extents.len() == MAX_EXTENTS {
        return Err(ViewError::Unsupported("a file in more than 262,144 pieces"));
    }
    extents.push(extent);
    Ok(())
}

fn corrupt() -> ViewError {
    ViewError::Corrupt("an extent tree")
}
