//! Writing ext4: files, directories and links into the free space of an empty file system of the kind that
//! [`create`](crate::disk::create) makes, before any kernel has mounted it. Content is placed as it comes, one
//! block behind the other; what describes it follows when all of it is there. Nothing here is crash-safe: a
//! disk that is not filled to its end is thrown away.
//!
//! Own code, because the crates that write ext4 make whole file systems of their own: mkext4 (0.0.3) must be
//! told every name and length before the first byte of content, which a stream cannot; arcbox-ext4 (0.1)
//! writes no index into directories, so that a kernel goes through all names of one for each that it looks
//! up.

mod block_map;
mod bytes;
mod content;
mod directory;
mod extents;
mod group;
mod hash;
mod inode;
mod node;
mod output;
mod volume;

pub(in crate::disk) use node::{Body, Node};
pub(in crate::disk) use volume::Volume;

/// The most names of one file (`EXT4_LINK_MAX` of fs/ext4/ext4.h of Linux).
pub(in crate::disk) const MAX_LINKS: u32 = 65_000;
