//! From a blocking thread to an asynchronous reader: bytes in large chunks through a bounded channel.
//! Files are read straight into the chunk that travels; a hole costs no memory at all.

use super::SeedError;
use bytes::Bytes;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use std::fs::File;
use std::io;
use tokio::sync::mpsc;

/// Bytes that travel at once.
const CHUNK: usize = 256 << 10;
/// Chunks under way; with the one being filled and the one being read this bounds the memory.
const CHUNKS: usize = 4;
static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// The sending end.
#[derive(Debug)]
pub(super) struct Outlet {
    sender: mpsc::Sender<Bytes>,
    chunk: Vec<u8>,
}

impl Outlet {
    /// Both ends.
    pub(super) fn channel() -> (Self, mpsc::Receiver<Bytes>) {
        let (sender, receiver) = mpsc::channel(CHUNKS);
        (Self { sender, chunk: Vec::with_capacity(CHUNK) }, receiver)
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), SeedError> {
        while !bytes.is_empty() {
            let room = CHUNK - self.chunk.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            self.send_if_full()?;
        }
        Ok(())
    }

    /// So many zeros; long runs share one block of them.
    pub(super) fn zeros(&mut self, mut count: u64) -> Result<(), SeedError> {
        if count >= CHUNK as u64 {
            self.flush()?;
        }
        while count >= CHUNK as u64 {
            self.send(Bytes::from_static(&ZEROS))?;
            count -= CHUNK as u64;
        }
        self.write(&ZEROS[..usize::try_from(count).unwrap_or(0)])
    }

    /// Reads at most `max` bytes from where the file stands. Returns how many, 0 at its end.
    pub(super) fn fill(&mut self, file: &File, max: u64) -> Result<io::Result<u64>, SeedError> {
        self.send_if_full()?;
        let before = self.chunk.len();
        let read = loop {
            match rustix::io::read(file, spare_capacity(&mut self.chunk)) {
                Err(Errno::INTR) => {}
                Err(error) => return Ok(Err(error.into())),
                Ok(read) => break read,
            }
        };
        // a file that grew is cut where it was to end
        let taken = usize::try_from(max).unwrap_or(usize::MAX).min(read);
        self.chunk.truncate(before + taken);
        self.send_if_full()?;
        Ok(Ok(taken as u64))
    }

    /// Sends what is left.
    pub(super) fn flush(&mut self) -> Result<(), SeedError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.chunk, Vec::with_capacity(CHUNK));
        self.send(chunk.into())
    }

    fn send_if_full(&mut self) -> Result<(), SeedError> {
        if self.chunk.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn send(&self, chunk: Bytes) -> Result<(), SeedError> {
        self.sender.blocking_send(chunk).map_err(|_| SeedError::Stopped)
    }
}
