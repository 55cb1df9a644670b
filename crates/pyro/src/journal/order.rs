//! In which order a command wrote to its two streams: the lengths of the runs between two changes of the
//! stream, 8 bytes each, little-endian, beginning with stdout. So the streams are kept one by one, and
//! can be read as a terminal would have shown them.

use super::spool::read_spool;
use super::{Stdio, order_path, spool_path};
use crate::error::{AtPath, PathError};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// So many changes of the stream are recorded; what comes later reads as one run.
const MAX_CHANGES: usize = 1 << 20;

/// The order of a command's output, while it is written.
#[derive(Debug)]
pub struct Order {
    file: File,
    stream: Stdio,
    run: u64,
    changes: usize,
}

/// Bytes of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which one.
    pub stream: Stdio,
    /// What was written there.
    pub bytes: Vec<u8>,
}

/// A part of what a command wrote, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The bytes. Runs of one stream are one part.
    pub parts: Vec<Part>,
    /// Where to read on.
    pub next: u64,
    /// How many bytes before or between the parts are no longer kept.
    pub lost: u64,
}

impl Order {
    /// Begins the file, in place of what a killed shim may have begun.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(path: &Path) -> Result<Self, PathError> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        Ok(Self { file: file.at("create", path)?, stream: Stdio::Out, run: 0, changes: 0 })
    }

    /// Takes note of so many bytes on a stream, before they are told to anybody.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn take(&mut self, stream: Stdio, bytes: u64) -> std::io::Result<()> {
        if stream != self.stream && self.changes < MAX_CHANGES {
            self.file.write_all(&self.run.to_le_bytes())?;
            self.changes += 1;
            (self.stream, self.run) = (stream, 0);
        }
        self.run += bytes;
        Ok(())
    }
}

/// Reads at most `max` bytes of what a command wrote, from the place `from` on. The streams have had
/// `totals` bytes so far, stdout first.
///
/// # Errors
/// If a file cannot be read. Output that was removed is lost.
pub fn read_output(
    workspace: &Path,
    exec_id: &str,
    totals: [u64; 2],
    from: u64,
    max: usize,
) -> Result<Output, PathError> {
    let path = order_path(workspace, exec_id);
    let runs = match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        runs => runs.at("read", &path)?,
    };
    let mut output = Output { parts: Vec::new(), next: from, lost: 0 };
    let mut room = max;
    for Run { stream, begin, place, length } in runs_of(&runs, totals) {
        while room > 0 && output.next >= begin && output.next < begin + length {
            let inner = output.next - begin;
            let wanted = usize::try_from(length - inner).unwrap_or(usize::MAX).min(room);
            let total = if stream == Stdio::Out { totals[0] } else { totals[1] };
            let spool = spool_path(workspace, exec_id, stream);
            let Some(piece) = read_if_kept(&spool, total, place + inner, wanted)? else {
                output.lost += length - inner;
                output.next = begin + length;
                continue;
            };
            let skipped = (piece.from - (place + inner)).min(length - inner);
            output.lost += skipped;
            output.next += skipped;
            if skipped > 0 {
                continue;
            }
            room -= piece.bytes.len();
            output.next += piece.bytes.len() as u64;
            if piece.bytes.is_empty() {
                return Ok(output);
            }
            output.push(stream, piece.bytes);
        }
    }
    Ok(output)
}

impl Output {
    fn push(&mut self, stream: Stdio, bytes: Vec<u8>) {
        match self.parts.last_mut() {
            Some(last) if last.stream == stream => last.bytes.extend(bytes),
            _ => self.parts.push(Part { stream, bytes }),
        }
    }
}

fn read_if_kept(
    path: &Path,
    total: u64,
    from: u64,
    max: usize,
) -> Result<Option<super::Piece>, PathError> {
    match read_spool(path, total, from, max) {
        Err(error) if error.source.kind() == ErrorKind::NotFound => Ok(None),
        piece => piece.map(Some),
    }
}

/// Bytes that were written to one stream without one to the other in between.
struct Run {
    stream: Stdio,
    /// Its place in all output.
    begin: u64,
    /// Its place in its stream.
    place: u64,
    length: u64,
}

/// The runs up to the totals: the recorded ones, then what has come since the last change.
fn runs_of(recorded: &[u8], totals: [u64; 2]) -> Vec<Run> {
    let recorded = recorded.as_chunks().0.iter().map(|run| u64::from_le_bytes(*run));
    // the last run is not recorded; one of the other stream follows where too many were
    let lengths = recorded.chain([u64::MAX, u64::MAX]);
    let mut places = [0, 0];
    let mut runs = Vec::new();
    for (number, length) in lengths.enumerate() {
        let own = number % 2;
        let stream = if own == 0 { Stdio::Out } else { Stdio::Err };
        let length = length.min(totals[own].saturating_sub(places[own]));
        runs.push(Run { stream, begin: places[0] + places[1], place: places[own], length });
        places[own] += length;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::super::Spool;
    use super::*;
    use proptest::prelude::*;

    fn stream(err: bool) -> Stdio {
        if err { Stdio::Err } else { Stdio::Out }
    }

    proptest! {
        /// Against a model: all bytes with their streams in memory, read in pieces while more comes.
        #[test]
        fn output_is_read_in_the_order_in_which_it_was_written(
            chunks in proptest::collection::vec((any::<bool>(), 0usize..9), 0..40),
            max in 1usize..20,
        ) {
            let home = tempfile::tempdir().unwrap();
            fs::create_dir(super::super::output_directory(home.path())).unwrap();
            let spool = |stream| Spool::create(&spool_path(home.path(), "x.1", stream)).unwrap();
            let (mut out, mut err) = (spool(Stdio::Out), spool(Stdio::Err));
            let mut order = Order::create(&order_path(home.path(), "x.1")).unwrap();
            let (mut model, mut told, mut next) = (Vec::new(), Vec::new(), 0);
            for (number, (to_err, length)) in chunks.iter().enumerate() {
                let bytes = vec![u8::try_from(number).unwrap(); *length];
                order.take(stream(*to_err), bytes.len() as u64).unwrap();
                if *to_err { &mut err } else { &mut out }.append(&bytes).unwrap();
                model.extend(bytes.iter().map(|byte| (stream(*to_err), *byte)));
                let totals = [out.total(), err.total()];
                let read = read_output(home.path(), "x.1", totals, next, max).unwrap();
                prop_assert_eq!(read.lost, 0);
                next = read.next;
                for part in read.parts {
                    told.extend(part.bytes.into_iter().map(|byte| (part.stream, byte)));
                }
            }
            let totals = [out.total(), err.total()];
            let rest = read_output(home.path(), "x.1", totals, next, usize::MAX).unwrap();
            for part in rest.parts {
                told.extend(part.bytes.into_iter().map(|byte| (part.stream, byte)));
            }
            prop_assert_eq!(told, model);
            prop_assert_eq!(rest.next, totals[0] + totals[1]);
        }
    }

    #[test]
    fn removed_output_is_lost_and_ends_no_reading() {
        let home = tempfile::tempdir().unwrap();
        let read = read_output(home.path(), "x.1", [70, 7], 10, 100).unwrap();
        assert_eq!((read.parts.len(), read.next, read.lost), (0, 77, 67));
    }
}
