//! A file's content as a stream.

use super::ViewError;
use crate::disk::ext4::BLOCK;
use crate::disk::ext4::extents::Extent;
use crate::disk::ext4::image::Image;
use crate::disk::ext4::inode::Inode;
use std::io::{self, Read};

/// Reads a file from its beginning, or from wherever it is moved to.
#[derive(Debug)]
pub struct Reader<'a> {
    image: &'a Image,
    extents: Vec<Extent>,
    size: u64,
    at: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(image: &'a Image, inode: &Inode) -> Result<Self, ViewError> {
        let extents = inode.extents(image)?;
        Ok(Self { image, extents, size: inode.metadata.size, at: 0 })
    }

    /// Bytes of the whole file, as the disk claims.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Goes on reading at byte `at`; behind the end there is nothing.
    pub fn move_to(&mut self, at: u64) {
        self.at = at;
    }

    /// Fills a part of `into`, which reaches no further than the file, and says how much.
    fn fill(&self, into: &mut [u8]) -> Result<usize, ViewError> {
        let block = self.at / BLOCK as u64;
        let offset = usize::try_from(self.at % BLOCK as u64).unwrap_or(0);
        let next =
            self.extents.partition_point(|e| u64::from(e.from) + u64::from(e.length) <= block);
        let (start, end) = match self.extents.get(next) {
            Some(extent) => (extent.from.into(), u64::from(extent.from) + u64::from(extent.length)),
            None => (u64::MAX, u64::MAX),
        };
        let end = if start > block { start } else { end };
        let length = (end - block).saturating_mul(BLOCK as u64) - offset as u64;
        let length = into.len().min(usize::try_from(length).unwrap_or(usize::MAX));
        let into = &mut into[..length];
        match self.extents.get(next) {
            Some(extent) if start <= block && extent.written => {
                self.image.read(extent.block.saturating_add(block - start), offset, into)
            }
            _ => {
                into.fill(0);
                Ok(length)
            }
        }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let length = into.len().min(left);
        if length == 0 {
            return Ok(0);
        }
        let read = self.fill(&mut into[..length]).map_err(ViewError::into_io)?;
        self.at += read as u64;
        Ok(read)
    }
}
