//! Writes the content of new files: long ones past the page cache, and zeros as holes. It knows nothing
//! of names and modes.

use rustix::fs::OFlags;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// How much is gathered before it is written.
const CHUNK: usize = 1 << 20;
/// Where direct writes must begin and how long they must be; no file system's block is larger.
const BLOCK: usize = 4096;

/// Writes one file after the other through the same buffer.
#[derive(Debug)]
pub(super) struct ContentWriter {
    buffer: Vec<u8>,
    /// Where in the buffer a block begins.
    first: usize,
}

impl ContentWriter {
    pub(super) fn new() -> Self {
        let buffer = vec![0; CHUNK + BLOCK];
        let first = buffer.as_ptr().align_offset(BLOCK).min(BLOCK);
        Self { buffer, first }
    }

    /// Writes all of `from` to `file`, which is new and empty; returns how many bytes these were.
    pub(super) fn write(&mut self, from: &mut impl Read, file: &File) -> io::Result<u64> {
        let first = self.first;
        let chunk = self.buffer.get_mut(first..first + CHUNK).unwrap_or_default();
        let (mut length, mut written) = (0, 0);
        loop {
            let n = fill(from, chunk)?;
            let piece = chunk.get(..n).unwrap_or_default();
            let end = length + n as u64;
            if !is_zero(piece) {
                write_at(file, piece, length, n == CHUNK)?;
                written = end;
            }
            length = end;
            if n < CHUNK {
                break;
            }
        }
        if written < length {
            file.set_len(length)?;
        }
        Ok(length)
    }
}

/// Block by block: compared byte by byte it would take an emulated CPU longer than writing.
fn is_zero(piece: &[u8]) -> bool {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    piece.chunks(BLOCK).all(|block| ZEROS.starts_with(block))
}

/// Reads until `into` is full or there is no more.
fn fill(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A whole chunk goes straight to the disk, where the file system can do that: copying it to the page
/// cache first takes several times as long on an emulated CPU.
fn write_at(file: &File, piece: &[u8], at: u64, whole: bool) -> io::Result<()> {
    let direct = whole && set_direct(file, true).is_ok();
    // an error that is none of this way comes again below
    if direct && file.write_all_at(piece, at).is_ok() {
        return Ok(());
    }
    // some file systems do not know the flag, so that there is nothing to take away
    let _ = set_direct(file, false);
    file.write_all_at(piece, at)
}

fn set_direct(file: &File, on: bool) -> rustix::io::Result<()> {
    let mut flags = rustix::fs::fcntl_getfl(file)?;
    if flags.contains(OFlags::DIRECT) == on {
        return Ok(());
    }
    flags.set(OFlags::DIRECT, on);
    rustix::fs::fcntl_setfl(file, flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn every_length_arrives_byte_by_byte() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = ContentWriter::new();
        for length in [0, 1, BLOCK - 1, BLOCK, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + BLOCK + 5] {
            let content: Vec<u8> = (0..=250).cycle().take(length).collect();
            let path = directory.path().join(length.to_string());
            let file = File::create_new(&path).unwrap();
            assert_eq!(writer.write(&mut &content[..], &file).unwrap(), length as u64);
            assert!(fs::read(&path).unwrap() == content, "{length} bytes");
        }
    }

    #[test]
    fn zeros_become_holes_wherever_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let mut content = vec![0; 5 * CHUNK + 7];
        content[2 * CHUNK] = 1;
        let path = directory.path().join("sparse");
        let file = File::create_new(&path).unwrap();
        let written = ContentWriter::new().write(&mut &content[..], &file).unwrap();
        assert_eq!(written, content.len() as u64);
        assert!(fs::read(&path).unwrap() == content);
        assert!(file.metadata().unwrap().blocks() * 512 <= CHUNK as u64);
    }

    #[test]
    fn a_source_that_fails_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        let broken = Read::chain(&b"abc"[..], Broken);
        assert!(ContentWriter::new().write(&mut { broken }, &file).is_err());
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}
