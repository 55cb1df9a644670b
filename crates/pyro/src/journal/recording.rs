//! What something writes to its two streams, while it writes it.

use super::{Order, Spool, Stdio, order_path, output_directory, spool_path};
use crate::error::{AtPath, PathError};
use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Both streams of a command, and in which order it writes to them.
#[derive(Debug)]
pub struct Recording {
    spools: [Spool; 2],
    order: Order,
}

impl Recording {
    /// Begins the files, in place of what was kept under this id.
    ///
    /// # Errors
    /// If they cannot be made.
    pub fn create(home: &Path, id: &str) -> Result<Self, PathError> {
        let output = output_directory(home);
        DirBuilder::new().recursive(true).mode(0o700).create(&output).at("create", &output)?;
        let spool = |stream| Spool::create(&spool_path(home, id, stream));
        Ok(Self {
            spools: [spool(Stdio::Out)?, spool(Stdio::Err)?],
            order: Order::create(&order_path(home, id))?,
        })
    }

    /// Takes the next bytes of a stream. A host without space keeps none, and stops nobody: they count all
    /// the same.
    pub fn take(&mut self, stream: Stdio, bytes: &[u8]) {
        let _ = self.order.take(stream, bytes.len() as u64);
        let [stdout, stderr] = &mut self.spools;
        let spool = match stream {
            Stdio::Out => stdout,
            Stdio::Err => stderr,
        };
        let _ = spool.append(bytes);
    }

    /// How many bytes the streams have had, stdout first.
    #[must_use]
    pub fn totals(&self) -> [u64; 2] {
        let [stdout, stderr] = &self.spools;
        [stdout.total(), stderr.total()]
    }
}

/// How many bytes there are of a recording whose end nobody has written down, stdout first.
#[must_use]
pub fn kept(home: &Path, id: &str) -> [u64; 2] {
    [Stdio::Out, Stdio::Err]
        .map(|stream| fs::metadata(spool_path(home, id, stream)).map_or(0, |file| file.len()))
}
