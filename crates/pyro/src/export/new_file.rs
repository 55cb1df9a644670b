//! A file of an export that is being given its content. Zeros and what is never written become holes, so that
//! a hole of the guest's costs the host nothing.

use super::{ExportError, Progress};
use crate::disk::Run;
use crate::error::AtPath;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

/// How much of a stream is written at once, and of a disk copied at once.
const CHUNK: usize = 256 << 10;
const STEP: u64 = 16 << 20;

/// The file.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    shown: PathBuf,
    size: u64,
    /// Where what was written so far ends.
    written: u64,
    progress: Arc<Progress>,
}

impl NewFile {
    pub(super) fn new(file: File, shown: PathBuf, size: u64, progress: Arc<Progress>) -> Self {
        Self { file, shown, size, written: 0, progress }
    }

    /// Gives it a part of its content, which lies on a disk.
    ///
    /// # Errors
    /// If it cannot be read or written, or nobody wants it any more.
    pub fn copy(&mut self, disk: &File, run: Run) -> Result<(), ExportError> {
        let mut next = Some(run);
        while let Some(run) = next {
            let (step, rest) = run.split(STEP);
            step.copy(disk, &self.file).at("write", &self.shown)?;
            self.written = self.written.max(step.at + step.length);
            self.progress.advance(step.length)?;
            next = rest;
        }
        Ok(())
    }

    /// Gives it all of its content.
    ///
    /// # Errors
    /// If that ends before, or it cannot be written.
    pub(super) fn fill(
        mut self,
        mut content: impl Read,
        buffer: &mut Vec<u8>,
    ) -> Result<(), ExportError> {
        buffer.resize(CHUNK, 0);
        let mut at = 0;
        loop {
            let piece = read_full(&mut content, buffer)?;
            let bytes = buffer.get(..piece).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            if bytes.iter().any(|byte| *byte != 0) {
                self.file.write_all_at(bytes, at).at("write", &self.shown)?;
                self.written = at + piece as u64;
            }
            at += piece as u64;
            self.progress.advance(piece as u64)?;
        }
        if at < self.size {
            return Err(ExportError::Stopped);
        }
        self.finish()
    }

    /// Says that it has all of its content: what is missing up to its size is a hole.
    ///
    /// # Errors
    /// If it cannot be made so long.
    pub fn finish(self) -> Result<(), ExportError> {
        if self.written < self.size {
            self.file.set_len(self.size).at("write", &self.shown)?;
        }
        Ok(())
    }
}

/// Reads until the buffer is full or the content ends.
fn read_full(content: &mut impl Read, buffer: &mut [u8]) -> Result<usize, ExportError> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match content.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(ExportError::Stopped),
        }
    }
    Ok(filled)
}
