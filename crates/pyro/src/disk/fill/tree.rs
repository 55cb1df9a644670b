//! Names, as they come to be and go: what a kernel would do to a tree, done in memory. No path leads through a
//! link, and nothing takes the place of a directory.

use super::FillError;
use crate::disk::ext4::write::{Body, MAX_LINKS, Node, Volume};
use std::collections::BTreeMap;
use std::io::Read;

/// Mode of directories that nobody has described.
const DIRECTORY_MODE: u16 = 0o755;

/// `/workspace` of a disk that is being filled.
#[derive(Debug)]
pub(super) struct Tree<'v, 'd> {
    volume: &'v mut Volume<'d>,
    top: u32,
    /// The directory that the last path was in: mostly the next one is there too.
    last: (Vec<u8>, u32),
}

/// A name in a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'p> {
    directory: u32,
    name: &'p [u8],
}

impl<'v, 'd> Tree<'v, 'd> {
    /// An empty one.
    pub(super) fn new(volume: &'v mut Volume<'d>) -> Result<Self, FillError> {
        // the directory above has the same inode in every ext4
        let top = volume.nodes.add(directory(2)).ok_or(FillError::Full("entries"))?;
        Ok(Self { volume, top, last: (Vec::new(), top) })
    }

    /// The inode of its top.
    pub(super) fn top(&self) -> u32 {
        self.top
    }

    /// Where `path` is or will be. Directories above it that are missing are made.
    pub(super) fn spot<'p>(&mut self, path: &'p [u8]) -> Result<Spot<'p>, FillError> {
        let slash = path.iter().rposition(|byte| *byte == b'/');
        let parent = slash.map_or(&[][..], |at| &path[..at]);
        if self.last.0 != parent {
            self.last = (parent.to_vec(), self.way(path, parent)?);
        }
        Ok(Spot { directory: self.last.1, name: slash.map_or(path, |at| &path[at + 1..]) })
    }

    /// The directory that all of `way` leads to. Directories are never removed.
    fn way(&mut self, path: &[u8], way: &[u8]) -> Result<u32, FillError> {
        let mut at = self.top;
        for name in way.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            let spot = Spot { directory: at, name };
            at = match self.named(spot) {
                Some((inode, Body::Directory { .. })) => inode,
                Some((_, Body::Symlink(_))) => {
                    return Err(FillError::entry(path, "it leads through a symbolic link"));
                }
                Some((_, Body::File { .. })) => {
                    return Err(FillError::entry(path, "it lies below a file"));
                }
                None => self.put(spot, directory(at))?,
            };
        }
        Ok(at)
    }

    /// The directory at a spot, made there where there is none.
    pub(super) fn directory(&mut self, path: &[u8]) -> Result<u32, FillError> {
        let spot = self.spot(path)?;
        if let Some((inode, Body::Directory { .. })) = self.named(spot) {
            return Ok(inode);
        }
        self.clear(path, spot)?;
        self.put(spot, directory(spot.directory))
    }

    pub(super) fn file(
        &mut self,
        path: &[u8],
        (mode, modified): (u16, i64),
        size: u64,
        content: &mut impl Read,
    ) -> Result<(), FillError> {
        let spot = self.spot(path)?;
        self.clear(path, spot)?;
        let place = self.volume.place(size, content)?;
        let body = Body::File { size, place };
        self.put(spot, Node { mode, names: 1, modified: Some(modified), body })?;
        Ok(())
    }

    pub(super) fn symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        modified: i64,
    ) -> Result<(), FillError> {
        let spot = self.spot(path)?;
        self.clear(path, spot)?;
        let body = Body::Symlink(target.into());
        self.put(spot, Node { mode: 0o777, names: 1, modified: Some(modified), body })?;
        Ok(())
    }

    /// One more name for what is at `target`.
    pub(super) fn link(&mut self, path: &[u8], target: &[u8]) -> Result<(), FillError> {
        let old = self.spot(target)?;
        let spot = self.spot(path)?;
        let inode = match self.named(old) {
            Some((_, Body::Directory { .. })) => {
                return Err(FillError::entry(path, "it is a hard link to a directory"));
            }
            Some((inode, _)) if target != path => inode,
            _ => return Err(FillError::entry(path, "it is a hard link to nothing")),
        };
        let too_many = || FillError::entry(path, "its file has more names than a file can have");
        let node = self.volume.nodes.get_mut(inode).ok_or_else(too_many)?;
        if node.names >= MAX_LINKS {
            return Err(too_many());
        }
        node.names += 1;
        self.clear(path, spot)?;
        self.enter(spot, inode);
        Ok(())
    }

    /// Gives a directory its mode and time.
    pub(super) fn describe(&mut self, directory: u32, (mode, modified): (u16, i64)) {
        if let Some(node) = self.volume.nodes.get_mut(directory) {
            (node.mode, node.modified) = (mode, Some(modified));
        }
    }

    fn named(&self, spot: Spot<'_>) -> Option<(u32, &Body)> {
        let nodes = &self.volume.nodes;
        let Body::Directory { names, .. } = &nodes.get(spot.directory)?.body else { return None };
        let inode = *names.get(spot.name)?;
        Some((inode, &nodes.get(inode)?.body))
    }

    /// Removes what has the name. A directory stays, and is an error.
    fn clear(&mut self, path: &[u8], spot: Spot<'_>) -> Result<(), FillError> {
        let Some((inode, body)) = self.named(spot) else { return Ok(()) };
        if body.is_directory() {
            return Err(FillError::entry(path, "it takes the place of a directory"));
        }
        if let Some(names) = self.names_in(spot.directory) {
            names.remove(spot.name);
        }
        let nodes = &mut self.volume.nodes;
        if let Some(node) = nodes.get_mut(inode) {
            node.names -= 1;
            if node.names == 0
                && let Some(Node { body: Body::File { place, .. }, .. }) = nodes.remove(inode)
            {
                self.volume.release(&place);
            }
        }
        Ok(())
    }

    fn put(&mut self, spot: Spot<'_>, node: Node) -> Result<u32, FillError> {
        let inode = self.volume.nodes.add(node).ok_or(FillError::Full("entries"))?;
        self.enter(spot, inode);
        Ok(inode)
    }

    fn enter(&mut self, spot: Spot<'_>, inode: u32) {
        if let Some(names) = self.names_in(spot.directory) {
            names.insert(spot.name.into(), inode);
        }
    }

    /// The names in a directory, which is changed now.
    fn names_in(&mut self, directory: u32) -> Option<&mut BTreeMap<Box<[u8]>, u32>> {
        let node = self.volume.nodes.get_mut(directory)?;
        node.modified = None;
        match &mut node.body {
            Body::Directory { names, .. } => Some(names),
            _ => None,
        }
    }
}

fn directory(parent: u32) -> Node {
    let body = Body::Directory { parent, names: BTreeMap::new() };
    Node { mode: DIRECTORY_MODE, names: 1, modified: None, body }
}
