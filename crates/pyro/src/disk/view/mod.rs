//! What lies in `/workspace` of a disk that no machine uses: a stopped workspace's, or a snapshot's. Reads
//! the image alone, mounts nothing, and shows the state that a mount would: what the journal holds counts.
//!
//! The disk is a guest's work. Whatever is in it, every call ends, in memory that the caller's limits and
//! those of the file system reader bound; a file may claim any size, a directory may contain itself:
//! whoever walks a tree counts its entries.

mod error;
mod reader;
mod walk;

pub use error::ViewError;
pub use reader::Reader;
pub use walk::{Depth, Found, Walked};

use super::ext4::directory;
use super::ext4::image::Image;
use super::ext4::inode::{Inode, ROOT};
use crate::error::AtPath;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

/// The agent bind-mounts this directory of the disk to `/workspace`.
pub(super) const WORKSPACE: &[u8] = b"workspace";
/// The longest path in bytes: with `/workspace/` before it, as long as Linux takes one (`PATH_MAX`).
const MAX_PATH: usize = 4095 - "/workspace/".len();

/// `/workspace` of one disk. Paths are relative to it, with `/` between their parts; the empty one is
/// `/workspace` itself. Links are never followed.
#[derive(Debug)]
pub struct DiskView {
    image: Image,
    /// A disk that no machine has used yet has no such directory: it is shown as an empty one.
    root: Option<Inode>,
}

/// What something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// What kind of thing.
    pub kind: NodeKind,
    /// Permission bits, of 0o7777.
    pub mode: u32,
    /// Bytes of a file, or of a link's target; as the disk claims.
    pub size: u64,
    /// Time of the last change of its content, in Unix seconds.
    pub modified: i64,
}

/// Kinds of things in a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe or a socket.
    Other,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name: never empty, `.` or `..`, and without `/` and NUL.
    pub name: Vec<u8>,
    /// What has it.
    pub metadata: Metadata,
}

/// The first bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// As many as were asked for, or all.
    pub bytes: Vec<u8>,
    /// Bytes of the whole file.
    pub size: u64,
}

impl DiskView {
    /// Opens the disk at `path`, which nobody may write meanwhile. Reads the journal if there is
    /// anything in it.
    ///
    /// # Errors
    /// [`ViewError`]: where it is no ext4 file system of the kind that pyro makes.
    pub fn open(path: &Path) -> Result<Self, ViewError> {
        Self::over(File::open(path).at("open", path)?)
    }

    /// As [`DiskView::open`], for a disk that is open already.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn over(disk: File) -> Result<Self, ViewError> {
        let image = Image::over(disk)?;
        let top = Inode::read(&image, ROOT)?;
        let root = child(&image, &top, WORKSPACE)?;
        Ok(Self { image, root })
    }

    /// Whether the file system was brought into order before its machine stopped, or stood still. One that
    /// was not is shown as its journal leaves it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.image.is_clean
    }

    /// What `path` is.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn metadata(&self, path: &[u8]) -> Result<Metadata, ViewError> {
        Ok(match self.find(path)? {
            Some(inode) => inode.metadata,
            None => Metadata { kind: NodeKind::Directory, mode: 0o755, size: 0, modified: 0 },
        })
    }

    /// The first `max` bytes of a file.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn read(&self, path: &[u8], max: u64) -> Result<Beginning, ViewError> {
        let reader = self.reader(path)?;
        let size = reader.size();
        let mut bytes = Vec::new(); // grows as it is read: the size is only a claim
        reader.take(max).read_to_end(&mut bytes).map_err(ViewError::from_io)?;
        Ok(Beginning { bytes, size })
    }

    /// The content of a file as a stream. Holes read as zeros.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn reader(&self, path: &[u8]) -> Result<Reader<'_>, ViewError> {
        let inode = self.find_kind(path, NodeKind::File, "a file")?;
        Reader::new(&self.image, &inode)
    }

    /// What a symbolic link leads to, as it is written in it; at most 4,096 bytes.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn link_target(&self, path: &[u8]) -> Result<Vec<u8>, ViewError> {
        self.find_kind(path, NodeKind::Symlink, "a symbolic link")?.target(&self.image)
    }

    /// What is in a directory, by name; of more than `max` names only so many, and those are the ones
    /// that the disk has first.
    ///
    /// # Errors
    /// [`ViewError`]
    pub fn list(&self, path: &[u8], max: usize) -> Result<Vec<Listed>, ViewError> {
        let mut entries = Vec::new();
        let Some(inode) = self.find(path)? else { return Ok(entries) };
        if inode.metadata.kind != NodeKind::Directory {
            return Err(ViewError::wrong_kind(path, "a directory"));
        }
        directory::each(&self.image, &inode, |name, number| {
            if entries.len() == max {
                return Ok(ControlFlow::Break(()));
            }
            let metadata = Inode::read(&self.image, number)?.metadata;
            entries.push(Listed { name: name.to_vec(), metadata });
            Ok(ControlFlow::Continue(()))
        })?;
        entries.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(entries)
    }

    fn find_kind(
        &self,
        path: &[u8],
        kind: NodeKind,
        wanted: &'static str,
    ) -> Result<Inode, ViewError> {
        let inode = self.find(path)?.filter(|inode| inode.metadata.kind == kind);
        inode.ok_or_else(|| ViewError::wrong_kind(path, wanted))
    }

    /// `None` for the root of a disk that has none.
    fn find(&self, path: &[u8]) -> Result<Option<Inode>, ViewError> {
        if path.is_empty() {
            return Ok(self.root.clone());
        }
        if path.len() > MAX_PATH {
            return Err(ViewError::not_found(path));
        }
        let mut inode = self.root.clone().ok_or_else(|| ViewError::not_found(path))?;
        for name in path.split(|byte| *byte == b'/') {
            // `child` never finds an empty name, `.` or `..`
            let found = match inode.metadata.kind {
                NodeKind::Directory => child(&self.image, &inode, name)?,
                _ => None,
            };
            inode = found.ok_or_else(|| ViewError::not_found(path))?;
        }
        Ok(Some(inode))
    }
}

fn child(image: &Image, directory: &Inode, wanted: &[u8]) -> Result<Option<Inode>, ViewError> {
    let mut found = None;
    directory::each(image, directory, |name, number| {
        if name != wanted {
            return Ok(ControlFlow::Continue(()));
        }
        found = Some(number);
        Ok(ControlFlow::Break(()))
    })?;
    found.map(|number| Inode::read(image, number)).transpose()
}
