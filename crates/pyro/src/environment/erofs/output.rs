//! The image as a stream of bytes that knows how far it is and fills up to borders with zeros.

use super::ErofsError;
use super::layout::BLOCK;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};

const BUFFER: usize = 256 << 10;

/// Where the image goes.
pub(super) struct Output<'f> {
    image: BufWriter<&'f File>,
    position: u64,
}

impl<'f> Output<'f> {
    /// Empties `image` and leaves room for block 0.
    pub(super) fn new(image: &'f File) -> Result<Self, ErofsError> {
        image.set_len(0).map_err(ErofsError::Write)?;
        let mut image = BufWriter::with_capacity(BUFFER, image);
        image.seek(SeekFrom::Start(BLOCK)).map_err(ErofsError::Write)?;
        Ok(Self { image, position: BLOCK })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ErofsError> {
        self.image.write_all(bytes).map_err(ErofsError::Write)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    /// Copies exactly `bytes` from `contents`.
    pub(super) fn copy(&mut self, contents: &mut impl Read, bytes: u64) -> Result<(), ErofsError> {
        let mut buffer = [0; 16 << 10];
        let mut left = bytes;
        while left > 0 {
            let chunk = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            contents.read_exact(&mut buffer[..chunk]).map_err(ErofsError::reading)?;
            self.write(&buffer[..chunk])?;
            left -= chunk as u64;
        }
        Ok(())
    }

    /// Zeros up to the next block border.
    pub(super) fn pad(&mut self) -> Result<(), ErofsError> {
        self.pad_to(self.position.next_multiple_of(BLOCK))
    }

    /// Zeros up to `position`, which must not lie behind.
    pub(super) fn pad_to(&mut self, position: u64) -> Result<(), ErofsError> {
        let mut zeros = std::io::repeat(0).take(position - self.position);
        std::io::copy(&mut zeros, &mut self.image).map_err(ErofsError::Write)?;
        self.position = position;
        Ok(())
    }

    /// Writes block 0 and hands everything to the kernel.
    pub(super) fn finish(mut self, block_0: &[u8]) -> Result<(), ErofsError> {
        self.image.seek(SeekFrom::Start(0)).map_err(ErofsError::Write)?;
        self.image.write_all(block_0).map_err(ErofsError::Write)?;
        self.image.flush().map_err(ErofsError::Write)
    }
}
