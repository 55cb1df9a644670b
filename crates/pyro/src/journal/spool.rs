//! What a command wrote to one stream, in a file of bounded size: the beginning, and in a ring behind
//! it the end. Any part of the stream that is still there can be read by its place in the stream.

use crate::error::{AtPath, PathError};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// How much of a stream is kept at most, in bytes: half of it from the beginning, half from the end.
pub const KEPT_EACH: u64 = 64 << 20;

const HALF: u64 = KEPT_EACH / 2;

/// A stream that is being written.
#[derive(Debug)]
pub struct Spool {
    file: File,
    total: u64,
    half: u64,
}

/// A part of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The place of its first byte in the stream. Later than asked for where that is no longer kept.
    pub from: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Spool {
    /// Begins a stream's file, in place of what a killed shim may have begun.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(path: &Path) -> Result<Self, PathError> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        Ok(Self { file: file.at("create", path)?, total: 0, half: HALF })
    }

    /// Takes the stream's next bytes.
    ///
    /// # Errors
    /// If the disk is full. The bytes count all the same.
    pub fn append(&mut self, mut bytes: &[u8]) -> std::io::Result<()> {
        let mut written = Ok(());
        while !bytes.is_empty() {
            let (at, room) = place(self.total, self.half);
            let n = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            let (now, later) = bytes.split_at(n);
            written = written.and_then(|()| self.file.write_all_at(now, at));
            self.total += n as u64;
            bytes = later;
        }
        written
    }

    /// How many bytes the stream has had.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }
}

/// Reads at most `max` bytes from the place `from` of a stream that has had `total` bytes so far. A stream
/// that is still being written may lose what is asked for meanwhile; `total` then is out of date, and so
/// are the bytes: ask for the end of such a stream only.
///
/// # Errors
/// If the file cannot be read.
pub fn read_spool(path: &Path, total: u64, from: u64, max: usize) -> Result<Piece, PathError> {
    let file = File::open(path).at("read", path)?;
    read_at(&file, (total, HALF), from, max).at("read", path)
}

fn read_at(
    file: &File,
    (total, half): (u64, u64),
    from: u64,
    max: usize,
) -> std::io::Result<Piece> {
    let ring = total.saturating_sub(half).max(half);
    // between the two kept parts there may be a gap
    let from = if from >= half { from.max(ring) } else { from }.min(total);
    let until = if from < half { total.min(half) } else { total };
    let mut bytes = Vec::new();
    let mut next = from;
    while next < until && bytes.len() < max {
        let (at, room) = place(next, half);
        let n = room.min(until - next).min((max - bytes.len()) as u64);
        let begin = bytes.len();
        bytes.resize(begin + usize::try_from(n).unwrap_or(0), 0);
        file.read_exact_at(bytes.get_mut(begin..).unwrap_or_default(), at)?;
        next += n;
    }
    Ok(Piece { from, bytes })
}

/// Where the byte at `position` of a stream lies in its file, and how many can follow it there.
fn place(position: u64, half: u64) -> (u64, u64) {
    match position.checked_sub(half) {
        None => (position, half - position),
        Some(beyond) => (half + beyond % half, half - beyond % half),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a model: the whole stream in memory.
        #[test]
        fn what_is_kept_is_read_as_it_was_written(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20),
            from in 0u64..500,
            max in 0usize..60,
        ) {
            let half = 64;
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("out");
            let mut spool = Spool { half, ..Spool::create(&path).unwrap() };
            for chunk in &chunks {
                spool.append(chunk).unwrap();
            }
            let whole = chunks.concat();
            let total = whole.len() as u64;
            prop_assert_eq!(spool.total(), total);
            prop_assert!(std::fs::metadata(&path).unwrap().len() <= 2 * half);
            let file = File::open(&path).unwrap();
            let piece = read_at(&file, (total, half), from, max).unwrap();
            let start = usize::try_from(piece.from).unwrap();
            prop_assert_eq!(&piece.bytes[..], &whole[start..start + piece.bytes.len()]);
            prop_assert!(piece.bytes.len() <= max);
            let kept = from < half.min(total) || (from >= total.saturating_sub(half).max(half) && from < total);
            if kept {
                prop_assert_eq!(piece.from, from);
                prop_assert!(max == 0 || !piece.bytes.is_empty());
            }
            if from >= total {
                prop_assert!(piece.bytes.is_empty());
            }
        }
    }
}
