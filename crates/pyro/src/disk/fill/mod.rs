//! Fills `/workspace` of a new disk from a tar archive, before any machine has seen the disk. What becomes of
//! each entry is what the agent would make of it (`pyro-agent/src/files/unpack.rs`), who does the same work
//! where somebody works already; a test compares the two.

mod error;
mod tree;
mod unpack;

pub use error::FillError;

use super::ext4::write::Volume;
use super::view::WORKSPACE;
use crate::archive::Members;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tree::Tree;
use unpack::Unpacking;

/// Bytes of one extended header, which are names of 4,095 bytes at most.
const MAX_EXTENSION: u64 = 64 << 10;

/// What a disk was filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// Files, directories and links.
    pub entries: u64,
    /// Bytes of content of all files together, holes included.
    pub bytes: u64,
}

/// Unpacks the tar archive `archive` into `/workspace` of a disk that [`create`](super::create) has just made,
/// open as `disk`; `path` is its name for people. Everything belongs to root, modes and times are the archive's.
/// Zeros become holes. Memory: less than 200 bytes and the name for each entry, and a few mebibytes.
///
/// What was written is not brought to stable storage, and after an error the disk is of no use.
///
/// # Errors
/// [`FillError`]
pub fn fill(disk: &File, path: &Path, archive: impl Read) -> Result<Filled, FillError> {
    let mut volume = Volume::open(disk, path)?;
    let tree = Tree::new(&mut volume)?;
    let top = tree.top();
    let mut unpacking = Unpacking::new(tree);
    let mut members = Members::new(archive, MAX_EXTENSION);
    while let Some(member) = members.next_member()? {
        unpacking.member(&member, &mut members.contents())?;
    }
    let filled = unpacking.finish();
    volume.finish(WORKSPACE, top)?;
    // the archive is whole only when nothing follows
    members.drain()?;
    Ok(filled)
}
