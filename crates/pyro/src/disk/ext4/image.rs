//! The disk as blocks: what the file says, and above it what the journal says and the file does not yet.

use super::journal::Replay;
use super::superblock::{self, Superblock};
use super::{BLOCK, journal};
use crate::disk::ViewError;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Where the superblock lies in the first block.
const SUPERBLOCK_IN_BLOCK: usize = 1024;

/// A disk that is open.
#[derive(Debug)]
pub(in crate::disk) struct Image {
    file: File,
    pub(super) superblock: Superblock,
    replay: Replay,
    /// Whether everything is in its place, and nothing in the journal.
    pub(in crate::disk) is_clean: bool,
}

impl Image {
    /// Takes an open disk and reads its journal.
    pub(in crate::disk) fn over(file: File) -> Result<Self, ViewError> {
        let length = file.metadata()?.len();
        let mut bytes = vec![0; superblock::LENGTH];
        if length < superblock::PLACE + superblock::LENGTH as u64 {
            return Err(ViewError::Unsupported("a disk without an ext4 file system"));
        }
        file.read_exact_at(&mut bytes, superblock::PLACE)?;
        let superblock = Superblock::parse(&bytes, length)?;
        let journal = superblock.journal_to_replay;
        let is_clean = journal.is_none();
        let mut image = Self { file, superblock, replay: Replay::default(), is_clean };
        if let Some(inode) = journal {
            image.replay = journal::read(&image, inode)?;
            let first = image.block(0)?; // the superblock may have been in the journal as well
            image.superblock = Superblock::parse(&first[SUPERBLOCK_IN_BLOCK..], length)?;
        }
        Ok(image)
    }

    /// One block.
    pub(super) fn block(&self, number: u64) -> Result<Vec<u8>, ViewError> {
        let mut block = vec![0; BLOCK];
        self.read(number, 0, &mut block)?;
        Ok(block)
    }

    /// Where so many blocks from `number` on lie: their first byte, and how many there are.
    pub(in crate::disk) fn place(&self, number: u64, blocks: u32) -> Result<(u64, u64), ViewError> {
        let end = number.checked_add(blocks.into());
        if end.is_none_or(|end| end > self.superblock.blocks) {
            return Err(ViewError::Corrupt("the number of a block"));
        }
        Ok((number * BLOCK as u64, u64::from(blocks) * BLOCK as u64))
    }

    /// Fills `into` from a block's byte `at` on, running on into the blocks behind it, and says how many
    /// bytes these were: at least one block's.
    pub(in crate::disk) fn read(
        &self,
        number: u64,
        at: usize,
        into: &mut [u8],
    ) -> Result<usize, ViewError> {
        let wanted = at.saturating_add(into.len()).div_ceil(BLOCK) as u64;
        let end = number.checked_add(wanted).ok_or(ViewError::Corrupt("the number of a block"))?;
        if end > self.superblock.blocks {
            return Err(ViewError::Corrupt("the number of a block"));
        }
        let (place, run) = match self.replay.instead_of(number) {
            Some(place) => (place, 1),
            None => (number, self.replay.first_in(number..end).unwrap_or(end) - number),
        };
        let run = usize::try_from(run).unwrap_or(usize::MAX).saturating_mul(BLOCK);
        let length = into.len().min(run.saturating_sub(at));
        let into = &mut into[..length];
        self.file.read_exact_at(into, place * BLOCK as u64 + at as u64)?;
        self.replay.unescape(number, at, into);
        Ok(length)
    }
}

/// What fails here is the file of the disk, whose path the caller of the view knows.
impl From<io::Error> for ViewError {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}
