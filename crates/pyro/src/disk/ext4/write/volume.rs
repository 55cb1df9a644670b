//! The file system as a whole: opened empty, closed full.

use super::super::checksum;
use super::super::image::Image;
use super::super::inode::{Inode, ROOT};
use super::super::superblock::{LENGTH, PLACE};
use super::block_map::{BlockMap, PER_GROUP};
use super::bytes::put;
use super::content::{Blocks, Placer};
use super::directory::{Entry, Identity, KIND_OF_DIRECTORY, one_block};
use super::group::{DESCRIPTOR, Free, Group, INODE};
use super::inode::{self, Stamp};
use super::node::{Nodes, Place};
use super::output::Output;
use crate::disk::ext4::BLOCK;
use crate::disk::{FillError, NodeKind};
use crate::error::AtPath;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Blocks (64 MiB) and inodes that are left to the guest, which cannot even start without some.
const RESERVED_BLOCKS: u32 = 16_384;
const RESERVED_INODES: u32 = 4096;

/// The first inode that nothing has: those before it are reserved, or `lost+found`.
const FIRST_INODE: u32 = 12;

/// `s_def_hash_version` and `s_flags`, as in fs/ext4/ext4.h of Linux.
const HALF_MD4: u8 = 1;
const SIGNED_HASH: u32 = 1;
/// The features that `template.sh` asks for: has_journal, ext_attr, dir_index; filetype, extent, 64bit,
/// flex_bg; sparse_super, large_file, huge_file, dir_nlink, extra_isize, metadata_csum.
const COMPAT: u32 = 0x4 | 0x8 | 0x20;
const INCOMPAT: u32 = 0x2 | 0x40 | 0x80 | 0x200;
const RO_COMPAT: u32 = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x400;

/// An empty file system that is being filled.
#[derive(Debug)]
pub(in crate::disk) struct Volume<'a> {
    disk: &'a File,
    path: &'a Path,
    image: Image,
    groups: Vec<Group>,
    stamp: Stamp,
    blocks: Blocks<'a>,
    placer: Placer,
    /// What it is to hold.
    pub(in crate::disk) nodes: Nodes,
}

impl<'a> Volume<'a> {
    /// Opens the file system of a new disk.
    pub(in crate::disk) fn open(disk: &'a File, path: &'a Path) -> Result<Self, FillError> {
        let image = Image::over(disk.try_clone().at("open", path)?)?;
        let stamp = stamp(&image)?;
        let superblock = &image.superblock;
        let mut map = BlockMap::new(superblock.groups(), RESERVED_BLOCKS);
        let groups: Result<Vec<_>, _> =
            (0..superblock.groups()).map(|number| Group::read(&image, number, &mut map)).collect();
        let groups = groups?;
        map.begin();
        let first = groups.first().map_or(1, Group::first_unused) + 1;
        if first != FIRST_INODE {
            return Err(FillError::NotFresh("there is something on it"));
        }
        let nodes = Nodes::new(first..superblock.inodes.saturating_sub(RESERVED_INODES));
        let blocks = Blocks { map, output: Output::new(disk, path) };
        Ok(Self { disk, path, groups, stamp, blocks, placer: Placer::new(), nodes, image })
    }

    /// Places the content of a file, `size` bytes of `from`.
    pub(in crate::disk) fn place(
        &mut self,
        size: u64,
        from: &mut impl Read,
    ) -> Result<Place, FillError> {
        self.placer.place(&mut self.blocks, size, from)
    }

    /// Gives the blocks of content back that nothing has any more.
    pub(in crate::disk) fn release(&mut self, place: &Place) {
        for run in place.runs() {
            self.blocks.map.release(run.blocks());
        }
    }

    /// Writes everything but content, and the directory `top` into the root under this name.
    pub(in crate::disk) fn finish(mut self, name: &[u8], top: u32) -> Result<(), FillError> {
        let mut metadata = Output::new(self.disk, self.path);
        let per_group = self.image.superblock.inodes_per_group;
        for (number, node) in self.nodes.iter() {
            let inode = inode::write(&mut self.blocks, &self.stamp, &self.nodes, (number, node))?;
            let group = &mut self.groups[((number - 1) / per_group) as usize];
            let index = (number - 1) % per_group;
            metadata.put(group.place_of(index), &inode)?;
            group.take_inode(index, node.body.is_directory());
        }
        self.blocks.output.flush()?;
        self.name_in_root(name, top)?;
        let mut free = Vec::new();
        for group in self.groups {
            free.push(group.write(&self.blocks.map, self.stamp.seed, &mut metadata)?);
        }
        metadata.flush()?;
        sum_up(self.disk, self.path, &free)
    }

    fn name_in_root(&self, name: &[u8], top: u32) -> Result<(), FillError> {
        let root = Inode::read(&self.image, ROOT)?;
        let mut names = vec![(name.to_vec(), top, KIND_OF_DIRECTORY)];
        super::super::directory::each(&self.image, &root, |name, inode| {
            let is_directory =
                Inode::read(&self.image, inode)?.metadata.kind == NodeKind::Directory;
            names.push((name.to_vec(), inode, if is_directory { KIND_OF_DIRECTORY } else { 1 }));
            Ok(ControlFlow::Continue(()))
        })?;
        let identity = Identity {
            inode: ROOT,
            parent: ROOT,
            seed: self.stamp.seed_of(ROOT),
            hash_seed: self.stamp.hash_seed,
        };
        let entries =
            names.iter().map(|(name, inode, kind)| Entry { name, inode: *inode, kind: *kind });
        let block = one_block(&identity, entries).ok_or(FillError::NotFresh("its root is full"))?;
        let extents = root.extents(&self.image)?;
        let [extent] = extents[..] else { return Err(FillError::NotFresh("its root has grown")) };
        self.disk.write_all_at(&block, extent.block * BLOCK as u64).at("write", self.path)?;
        self.count_in_root()
    }

    /// The root has one more directory below it.
    fn count_in_root(&self) -> Result<(), FillError> {
        let at = self.groups.first().map_or(0, |group| group.place_of(ROOT - 1));
        let mut inode = [0; INODE];
        self.disk.read_exact_at(&mut inode, at).at("read", self.path)?;
        let links = u16::from_le_bytes([inode[0x1a], inode[0x1b]]) + 1;
        put(&mut inode, 0x1a, links.to_le_bytes());
        self.stamp.put_time(&mut inode, (0x10, 0x88), None);
        self.stamp.put_time(&mut inode, (0xc, 0x84), None);
        self.stamp.seal(ROOT, &mut inode);
        Ok(self.disk.write_all_at(&inode, at).at("write", self.path)?)
    }
}

/// Writes into the superblock what is free.
fn sum_up(disk: &File, path: &Path, free: &[Free]) -> Result<(), FillError> {
    let mut superblock = [0; LENGTH];
    disk.read_exact_at(&mut superblock, PLACE).at("read", path)?;
    let blocks: u32 = free.iter().map(|free| free.blocks).sum();
    let inodes: u32 = free.iter().map(|free| free.inodes).sum();
    put(&mut superblock, 0xc, blocks.to_le_bytes());
    put(&mut superblock, 0x10, inodes.to_le_bytes());
    let sum = checksum(u32::MAX, &superblock[..LENGTH - 4]);
    put(&mut superblock, LENGTH - 4, sum.to_le_bytes());
    Ok(disk.write_all_at(&superblock, PLACE).at("write", path)?)
}

/// What checksums and hashes begin with. A file system of another kind than the template's is refused.
fn stamp(image: &Image) -> Result<Stamp, FillError> {
    let block = image.block(0)?;
    let superblock = &block[1024..];
    let number = |at: usize| u32::from_le_bytes([0, 1, 2, 3].map(|byte| superblock[at + byte]));
    let is_known = image.is_clean
        && image.superblock.inode_size == INODE
        && image.superblock.descriptor_size == DESCRIPTOR
        && image.superblock.blocks == u64::from(image.superblock.groups()) * u64::from(PER_GROUP)
        && number(0x20) == PER_GROUP
        && superblock[0xfc] == HALF_MD4
        && number(0x160) & SIGNED_HASH != 0
        && number(0x5c) == COMPAT
        && number(0x60) == INCOMPAT
        && number(0x64) == RO_COMPAT;
    if !is_known {
        return Err(FillError::NotFresh("it is not of the template's kind"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Ok(Stamp {
        seed: checksum(u32::MAX, &superblock[0x68..0x78]),
        hash_seed: [0xec, 0xf0, 0xf4, 0xf8].map(number),
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{DEFAULT_BYTES, create};
    use crate::error::Diagnose;

    #[test]
    fn content_that_has_no_room_is_refused_and_the_guest_keeps_its_reserve() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let disk = create(&path, DEFAULT_BYTES).unwrap();
        let mut volume = Volume::open(&disk, &path).unwrap();
        while volume.blocks.map.take(u32::MAX).is_some() {}
        let error = volume.place(1, &mut &b"x"[..]).unwrap_err();
        assert_eq!(error.code(), "seed_too_large");
        assert!(!error.hints().is_empty());
        let free: u32 = (0..64).map(|group| volume.blocks.map.group(group).1).sum();
        assert_eq!(free, RESERVED_BLOCKS);
        assert!(matches!(volume.place(4096, &mut &[0; 4096][..]).unwrap(), Place::Nowhere));
    }
}
