//! A whole tree, one entry after the other.

use super::{DiskView, MAX_PATH, Metadata, NodeKind, ViewError};
use crate::disk::Run;
use crate::disk::ext4::image::Image;
use crate::disk::ext4::inode::Inode;
use crate::disk::ext4::{BLOCK, directory};
use std::ops::ControlFlow;

/// Something that was come by.
#[derive(Debug)]
pub struct Found<'a> {
    /// Relative to `/workspace`.
    pub path: &'a [u8],
    /// What it is.
    pub metadata: Metadata,
    inode: &'a Inode,
    image: &'a Image,
}

impl Found<'_> {
    /// What it leads to, where it is a symbolic link.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn link_target(&self) -> Result<Option<Vec<u8>>, ViewError> {
        match self.metadata.kind {
            NodeKind::Symlink => self.inode.target(self.image).map(Some),
            _ => Ok(None),
        }
    }

    /// Where its content lies, where it is a file: in its order, and no further than its size. That is the
    /// content of a disk that is [clean](DiskView::is_clean): else some of it may be in the journal.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn runs(&self) -> Result<Vec<Run>, ViewError> {
        let size = self.metadata.size;
        if self.metadata.kind != NodeKind::File {
            return Ok(Vec::new());
        }
        let mut runs = Vec::new();
        for extent in self.inode.extents(self.image)?.into_iter().filter(|extent| extent.written) {
            let at = u64::from(extent.from) * BLOCK as u64;
            if at >= size {
                break; // reserved, and not in use
            }
            let (from, length) = self.image.place(extent.block, extent.length)?;
            runs.push(Run { at, from, length: length.min(size - at) });
        }
        Ok(runs)
    }
}

/// How far a walk goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What is in the directory.
    Flat,
    /// What is in the directories below as well.
    Deep,
    /// The same, but nothing that is in a `.git`.
    WithoutGit,
}

impl Depth {
    fn enters(self, name: &[u8]) -> bool {
        match self {
            Self::Flat => false,
            Self::Deep => true,
            Self::WithoutGit => name != b".git",
        }
    }
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walked {
    /// How many entries were come by.
    pub entries: u64,
    /// Whether there are more: beyond the limit, or under paths that are too long.
    pub truncated: bool,
}

/// A directory whose names are being come by.
struct Level {
    names: std::vec::IntoIter<(Vec<u8>, u32)>,
    /// Bytes of the path above the names.
    above: usize,
}

impl DiskView {
    /// Shows `to` what is in the directory `path`, and in the directories below as far as `depth` says: at
    /// most `limit` entries, siblings by their names' bytes, a directory before its content. Something
    /// else than a directory is shown itself. No link is followed.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn walk(
        &self,
        path: &[u8],
        depth: Depth,
        limit: u64,
        mut to: impl FnMut(&Found<'_>) -> Result<(), ViewError>,
    ) -> Result<Walked, ViewError> {
        let mut walked = Walked { entries: 0, truncated: false };
        let Some(top) = self.find(path)? else { return Ok(walked) };
        let image = &self.image;
        if top.metadata.kind != NodeKind::Directory {
            to(&Found { path, metadata: top.metadata, inode: &top, image })?;
            return Ok(Walked { entries: 1, truncated: false });
        }
        let mut path = path.to_vec();
        // what was named counts: however directories are tied, no more is remembered
        let mut left = limit;
        let mut levels = vec![self.level(&top, path.len(), &mut left, &mut walked)?];
        while let Some(level) = levels.last_mut() {
            path.truncate(level.above);
            let Some((name, number)) = level.names.next() else {
                levels.pop();
                continue;
            };
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(&name);
            if path.len() > MAX_PATH {
                walked.truncated = true;
                continue;
            }
            let inode = Inode::read(image, number)?;
            to(&Found { path: &path, metadata: inode.metadata, inode: &inode, image })?;
            walked.entries += 1;
            if inode.metadata.kind == NodeKind::Directory && depth.enters(&name) {
                levels.push(self.level(&inode, path.len(), &mut left, &mut walked)?);
            }
        }
        Ok(walked)
    }

    fn level(
        &self,
        directory: &Inode,
        above: usize,
        left: &mut u64,
        walked: &mut Walked,
    ) -> Result<Level, ViewError> {
        let mut names = Vec::new();
        directory::each(&self.image, directory, |name, number| {
            if *left == 0 {
                walked.truncated = true;
                return Ok(ControlFlow::Break(()));
            }
            *left -= 1;
            names.push((name.to_vec(), number));
            Ok(ControlFlow::Continue(()))
        })?;
        names.sort();
        Ok(Level { names: names.into_iter(), above })
    }
}
