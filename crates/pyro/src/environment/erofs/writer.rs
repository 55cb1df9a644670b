//! The writer: entries in, image out. File contents go to the image as they arrive; only names,
//! metadata and short tails wait in memory until [`Writer::finish`].

use super::directory;
use super::layout::{BLOCK, INODE, Inode, Superblock, device_number, file_type};
use super::output::Output;
use super::place::{Placement, block_number};
use super::tree::{Body, Node, NodeId, ROOT, Tree};
use super::xattr;
use super::{ErofsError, Limits, Summary, printable};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

/// Longest tail kept beside its inode. Longer ones bloat the metadata and slow every walk down;
/// without any, each small file costs a block.
const MAX_INLINE_TAIL: u64 = 256;

/// What every kind of entry has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Permission bits with set-id and sticky, `0o7777`.
    pub permissions: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last modification, seconds since 1970.
    pub mtime: i64,
    /// Extended attributes by full name; those outside Linux's namespaces are left out.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Metadata {
    /// A directory that is only named as part of a path.
    pub(super) fn implied_directory() -> Self {
        Self { permissions: 0o755, ..Self::default() }
    }
}

/// The two kinds of device nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// Character device.
    Character,
    /// Block device.
    Block,
}

/// Writes one image. Paths are bytes, relative to the image's root; missing parents are made; an
/// entry replaces an earlier one of the same path.
pub struct Writer<'f> {
    output: Output<'f>,
    next_block: u32,
    tree: Tree,
    limits: Limits,
}

impl std::fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("next_block", &self.next_block).finish_non_exhaustive()
    }
}

impl<'f> Writer<'f> {
    /// Starts over in `image`, which must be a file open for writing.
    ///
    /// # Errors
    /// [`ErofsError::Write`].
    pub fn new(image: &'f File, limits: Limits) -> Result<Self, ErofsError> {
        let output = Output::new(image)?;
        Ok(Self { output, next_block: 1, tree: Tree::new(limits.clone()), limits })
    }

    /// Adds a directory; over an existing one it changes only the metadata.
    ///
    /// # Errors
    /// [`ErofsError`] for unusable paths and exceeded limits.
    pub fn directory(&mut self, path: &[u8], metadata: Metadata) -> Result<(), ErofsError> {
        self.insert(path, metadata, Body::Directory { parent: ROOT, children: BTreeMap::new() })
    }

    /// Adds a directory where nothing is yet. Where something is, or stands in the way, it stays.
    pub(in crate::environment) fn directory_if_free(
        &mut self,
        path: &[u8],
        metadata: Metadata,
    ) -> Result<(), ErofsError> {
        if self.tree.find(&self.tree.names(path)?).is_some() {
            return Ok(());
        }
        match self.directory(path, metadata) {
            Err(ErofsError::NotADirectory { .. }) => Ok(()),
            other => other,
        }
    }

    /// Splits a path as the image will have it.
    ///
    /// # Errors
    /// [`ErofsError::BadPath`].
    pub(in crate::environment) fn names<'p>(
        &self,
        path: &'p [u8],
    ) -> Result<Vec<&'p [u8]>, ErofsError> {
        self.tree.names(path)
    }

    /// Adds a regular file of exactly `size` bytes, read from `contents`.
    ///
    /// # Errors
    /// [`ErofsError`]; [`ErofsError::CutOff`] where `contents` ends early.
    pub fn file(
        &mut self,
        path: &[u8],
        metadata: Metadata,
        size: u64,
        contents: &mut impl Read,
    ) -> Result<(), ErofsError> {
        self.tree.names(path)?;
        let xattrs = xattr::encode(path, &metadata.xattrs)?;
        let first_block = self.next_block;
        let tail = size % BLOCK;
        let inline = tail <= MAX_INLINE_TAIL && INODE + xattrs.len() as u64 + tail <= BLOCK;
        let in_blocks = if inline { size - tail } else { size };
        self.next_block =
            block_number(u64::from(first_block) + in_blocks.div_ceil(BLOCK), &self.limits)?;
        self.output.copy(contents, in_blocks)?;
        self.output.pad()?;
        let mut rest = Vec::new();
        contents.take(size - in_blocks).read_to_end(&mut rest).map_err(ErofsError::reading)?;
        if rest.len() as u64 != size - in_blocks {
            return Err(ErofsError::CutOff);
        }
        self.insert(path, metadata, Body::File { first_block, size, tail: rest.into() })
    }

    /// Adds a symbolic link; the target is kept as it is.
    ///
    /// # Errors
    /// [`ErofsError`], also for targets that are empty, too long or contain NUL.
    pub fn symlink(
        &mut self,
        path: &[u8],
        metadata: Metadata,
        target: &[u8],
    ) -> Result<(), ErofsError> {
        if target.is_empty() || target.len() > self.limits.max_path || target.contains(&0) {
            return Err(ErofsError::Unsupported {
                path: printable(path),
                what: "a symbolic link with an empty, overlong or NUL-containing target".into(),
            });
        }
        let metadata = Metadata { permissions: 0o777, ..metadata };
        self.insert(path, metadata, Body::Symlink(target.into()))
    }

    /// Gives the entry at `target` one more name.
    ///
    /// # Errors
    /// [`ErofsError::MissingLinkTarget`]; [`ErofsError::Unsupported`] where the target is a
    /// directory.
    pub fn hard_link(&mut self, path: &[u8], target: &[u8]) -> Result<(), ErofsError> {
        let Some(node) = self.tree.find(&self.tree.names(target)?) else {
            return Err(ErofsError::MissingLinkTarget {
                path: printable(path),
                target: printable(target),
            });
        };
        if self.tree.children(node).is_some() {
            return Err(ErofsError::Unsupported {
                path: printable(path),
                what: format!("a hard link to the directory {:?}", printable(target)),
            });
        }
        let names = self.tree.names(path)?;
        self.tree.link(&names, node)
    }

    /// Adds a device node.
    ///
    /// # Errors
    /// [`ErofsError`], also for numbers beyond 12 bits of major or 20 bits of minor.
    pub fn device(
        &mut self,
        path: &[u8],
        metadata: Metadata,
        kind: DeviceKind,
        (major, minor): (u32, u32),
    ) -> Result<(), ErofsError> {
        let number = device_number(major, minor).ok_or_else(|| ErofsError::Unsupported {
            path: printable(path),
            what: format!("device number {major}:{minor}"),
        })?;
        let body = match kind {
            DeviceKind::Character => Body::Character(number),
            DeviceKind::Block => Body::Block(number),
        };
        self.insert(path, metadata, body)
    }

    /// Adds a named pipe.
    ///
    /// # Errors
    /// [`ErofsError`] for unusable paths and exceeded limits.
    pub fn fifo(&mut self, path: &[u8], metadata: Metadata) -> Result<(), ErofsError> {
        self.insert(path, metadata, Body::Fifo)
    }

    /// Writes the metadata and the superblock. Bringing the file to stable storage is left to
    /// whoever gives it its final name.
    ///
    /// # Errors
    /// [`ErofsError::Write`], or [`ErofsError::TooMuch`] when the whole has become too large.
    pub fn finish(mut self) -> Result<Summary, ErofsError> {
        let placement = Placement::of(&self.tree, self.next_block, &self.limits)?;
        let nids = placement.nids();
        self.write_spilled(&placement, &nids)?;
        self.write_metadata(&placement, &nids)?;
        self.output.finish(&superblock(&placement, &nids).encode())?;
        Ok(Summary {
            entries: placement.order.len() as u64,
            image_bytes: u64::from(placement.blocks) * BLOCK,
        })
    }

    fn insert(
        &mut self,
        path: &[u8],
        mut metadata: Metadata,
        body: Body,
    ) -> Result<(), ErofsError> {
        let names = self.tree.names(path)?;
        let xattrs = xattr::encode(path, &std::mem::take(&mut metadata.xattrs))?;
        self.tree.insert(&names, Node { metadata, xattrs, body })
    }

    /// Directory blocks and symlink targets that have no room beside their inode.
    fn write_spilled(&mut self, placement: &Placement, nids: &[u64]) -> Result<(), ErofsError> {
        for &id in &placement.order {
            match &self.tree.nodes[id].body {
                Body::Directory { .. } => {
                    let entries = directory::entries(&self.tree, id);
                    let mut blocks: Vec<_> = directory::blocks(&entries).collect();
                    if placement.inline[id] > 0 {
                        blocks.pop();
                    }
                    for block in blocks {
                        let bytes = directory::encode(block, &self.tree, nids);
                        self.output.write(&bytes)?;
                        self.output.pad()?;
                    }
                }
                Body::Symlink(target) if placement.inline[id] == 0 => {
                    self.output.write(target)?;
                    self.output.pad()?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write_metadata(&mut self, placement: &Placement, nids: &[u64]) -> Result<(), ErofsError> {
        let start = u64::from(placement.metadata_block) * BLOCK;
        let mut bytes = Vec::new();
        for (number, &id) in placement.order.iter().enumerate() {
            bytes.clear();
            let inode = self.inode(id, number, placement);
            bytes.extend_from_slice(&inode.encode());
            bytes.extend_from_slice(&self.tree.nodes[id].xattrs);
            self.inline_tail(id, placement, nids, &mut bytes);
            self.output.pad_to(start + placement.position[id])?;
            self.output.write(&bytes)?;
        }
        self.output.pad_to(u64::from(placement.blocks) * BLOCK)
    }

    fn inode(&self, id: NodeId, number: usize, placement: &Placement) -> Inode {
        let node = &self.tree.nodes[id];
        let start = match &node.body {
            Body::Directory { .. } | Body::Symlink(_) => placement.spill[id],
            Body::File { first_block, .. } => *first_block,
            Body::Character(device) | Body::Block(device) => *device,
            Body::Fifo => 0,
        };
        Inode {
            inline: placement.inline[id] > 0,
            xattr_bytes: node.xattrs.len(),
            mode: node.mode(),
            size: placement.size[id],
            start,
            number: u32::try_from(number + 1).unwrap_or(u32::MAX), // `Placement` counted them
            uid: node.metadata.uid,
            gid: node.metadata.gid,
            mtime: node.metadata.mtime,
            links: placement.links[id],
        }
    }

    fn inline_tail(&self, id: NodeId, placement: &Placement, nids: &[u64], bytes: &mut Vec<u8>) {
        if placement.inline[id] == 0 {
            return;
        }
        match &self.tree.nodes[id].body {
            Body::File { tail, .. } => bytes.extend_from_slice(tail),
            Body::Symlink(target) => bytes.extend_from_slice(target),
            Body::Directory { .. } => {
                let entries = directory::entries(&self.tree, id);
                if let Some(last) = directory::blocks(&entries).last() {
                    bytes.append(&mut directory::encode(last, &self.tree, nids));
                }
            }
            _ => {}
        }
    }
}

impl Node {
    /// Type and permission bits.
    pub(super) fn mode(&self) -> u16 {
        let kind = match self.body {
            Body::Directory { .. } => file_type::DIRECTORY,
            Body::File { .. } => file_type::REGULAR,
            Body::Symlink(_) => file_type::SYMLINK,
            Body::Character(_) => file_type::CHARACTER,
            Body::Block(_) => file_type::BLOCK,
            Body::Fifo => file_type::FIFO,
        };
        kind | self.metadata.permissions & 0o7777
    }
}

fn superblock(placement: &Placement, nids: &[u64]) -> Superblock {
    Superblock {
        root_nid: u16::try_from(nids[ROOT]).unwrap_or(u16::MAX), // the root comes first
        inodes: placement.order.len() as u64,
        blocks: placement.blocks,
        metadata_block: placement.metadata_block,
    }
}
