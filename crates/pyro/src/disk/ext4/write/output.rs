//! Bytes on their way to the disk: what lies side by side is written at once.

use crate::error::{AtPath, PathError};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// So much is gathered.
const FULL: usize = 1 << 20;
/// So much is not copied together with anything.
const LARGE: usize = FULL / 4;

/// What waits to be written.
#[derive(Debug)]
pub(super) struct Output<'a> {
    disk: &'a File,
    path: &'a Path,
    at: u64,
    waiting: Vec<u8>,
}

impl<'a> Output<'a> {
    pub(super) fn new(disk: &'a File, path: &'a Path) -> Self {
        Self { disk, path, at: 0, waiting: Vec::with_capacity(FULL) }
    }

    /// Writes bytes from `at` on, now or later.
    pub(super) fn put(&mut self, at: u64, bytes: &[u8]) -> Result<(), PathError> {
        let follows = self.at + self.waiting.len() as u64 == at;
        if !follows || self.waiting.len() + bytes.len() > FULL {
            self.flush()?;
        }
        if bytes.len() >= LARGE {
            self.flush()?;
            return self.disk.write_all_at(bytes, at).at("write", self.path);
        }
        if self.waiting.is_empty() {
            self.at = at;
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self) -> Result<(), PathError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.disk.write_all_at(&waiting, self.at).at("write", self.path)?;
        self.waiting = waiting;
        self.waiting.clear();
        Ok(())
    }
}
