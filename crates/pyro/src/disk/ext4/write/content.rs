//! Content on its way to free blocks. Zeros take no space.

use super::super::BLOCK;
use super::block_map::BlockMap;
use super::node::{Place, Run};
use super::output::Output;
use crate::disk::FillError;
use std::io::Read;

/// How much is read at once.
const CHUNK: usize = 1 << 20;
/// Zeros that begin at a multiple of this and are at least so many become a hole. Shorter ones are not worth
/// the pieces that a file falls into.
const HOLE: usize = 16 * BLOCK;
/// The most bytes of a file: as many blocks as have a number in it.
const LONGEST: u64 = u32::MAX as u64 * BLOCK as u64;
static ZEROS: [u8; HOLE] = [0; HOLE];

/// Free blocks, and the way to them.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    pub(super) map: BlockMap,
    pub(super) output: Output<'a>,
}

impl Blocks<'_> {
    /// Writes whole blocks wherever there is room; the first of them is the file's block `from`.
    pub(super) fn place(
        &mut self,
        mut from: u32,
        mut bytes: &[u8],
        runs: &mut Vec<Run>,
    ) -> Result<(), FillError> {
        while !bytes.is_empty() {
            let wanted = u32::try_from(bytes.len() / BLOCK).unwrap_or(u32::MAX);
            let taken = self.map.take(wanted).ok_or(FillError::Full("bytes"))?;
            let length = taken.end - taken.start;
            let (now, later) = bytes.split_at(length as usize * BLOCK);
            self.output.put(u64::from(taken.start) * BLOCK as u64, now)?;
            push(Run { from, block: taken.start, length }, runs);
            from += length;
            bytes = later;
        }
        Ok(())
    }

    /// Writes one block, and says where it lies.
    pub(super) fn place_one(&mut self, block: &[u8; BLOCK]) -> Result<u32, FillError> {
        let taken = self.map.take(1).ok_or(FillError::Full("bytes"))?;
        self.output.put(u64::from(taken.start) * BLOCK as u64, block)?;
        Ok(taken.start)
    }
}

/// Adds a run to the one before, where it follows that.
fn push(run: Run, runs: &mut Vec<Run>) {
    match runs.last_mut() {
        Some(last) if last.from + last.length == run.from && last.blocks().end == run.block => {
            last.length += run.length;
        }
        _ => runs.push(run),
    }
}

/// Places content through one buffer, file by file.
#[derive(Debug)]
pub(super) struct Placer(Vec<u8>);

impl Placer {
    pub(super) fn new() -> Self {
        Self(vec![0; CHUNK])
    }

    /// Places all of a file, `size` bytes of `from`.
    pub(super) fn place(
        &mut self,
        blocks: &mut Blocks<'_>,
        size: u64,
        from: &mut impl Read,
    ) -> Result<Place, FillError> {
        if size > LONGEST {
            return Err(FillError::Full("bytes in one file"));
        }
        let mut runs = Vec::new();
        let mut left = size;
        let mut block = 0;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            from.read_exact(&mut self.0[..length]).map_err(FillError::source)?;
            let whole = length.next_multiple_of(BLOCK);
            self.0[length..whole].fill(0);
            place_between_holes(blocks, block, &self.0[..whole], &mut runs)?;
            block += u32::try_from(whole / BLOCK).unwrap_or(0);
            left -= length as u64;
        }
        Ok(Place::of(runs))
    }
}

/// Places the pieces that are not all zeros, those side by side together.
fn place_between_holes(
    blocks: &mut Blocks<'_>,
    first: u32,
    bytes: &[u8],
    runs: &mut Vec<Run>,
) -> Result<(), FillError> {
    let is_zero = |at: usize| ZEROS.starts_with(&bytes[at..bytes.len().min(at + HOLE)]);
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && !is_zero(at) {
            at += HOLE;
        }
        if start < at {
            let piece = &bytes[start..at.min(bytes.len())];
            blocks.place(first + u32::try_from(start / BLOCK).unwrap_or(0), piece, runs)?;
        }
        at += HOLE; // a hole, or the end
    }
    Ok(())
}
