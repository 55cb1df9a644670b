//! Looks for secrets in content that passes by, and changes nothing.

use super::redact::Redactor;
use rustix::fs::SeekFrom;
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How much of a file is read at once.
const CHUNK: usize = 256 << 10;

/// Content that is being looked through.
#[derive(Debug)]
pub struct Scan {
    redactor: Redactor,
    held: Vec<u8>,
    found: bool,
}

impl Redactor {
    /// Begins to look through something.
    #[must_use]
    pub fn scan(&self) -> Scan {
        Scan { redactor: self.clone(), held: Vec::new(), found: false }
    }

    /// Whether a file holds a secret. Holes are passed over.
    ///
    /// # Errors
    /// Those of `lseek(2)` and `read(2)`.
    pub fn finds_in(&self, file: &File) -> io::Result<bool> {
        if self.is_idle() {
            return Ok(false);
        }
        let mut buffer = vec![0; CHUNK];
        let mut end = 0;
        loop {
            let begin = match rustix::fs::seek(file, SeekFrom::Data(end)) {
                Err(Errno::NXIO) => return Ok(false),
                begin => begin?,
            };
            end = rustix::fs::seek(file, SeekFrom::Hole(begin))?;
            let (mut scan, mut place) = (self.scan(), begin);
            while place < end {
                let wanted = usize::try_from(end - place).unwrap_or(CHUNK).min(CHUNK);
                let read = file.read_at(buffer.get_mut(..wanted).unwrap_or_default(), place)?;
                if read == 0 {
                    return Ok(false);
                }
                if scan.take(buffer.get(..read).unwrap_or_default()) {
                    return Ok(true);
                }
                place += read as u64;
            }
        }
    }
}

impl Scan {
    /// Looks at the next piece, and says whether there has been a secret so far.
    pub fn take(&mut self, piece: &[u8]) -> bool {
        let Some(matcher) = self.redactor.matcher().filter(|_| !self.found) else {
            return self.found;
        };
        if self.held.is_empty() {
            self.found = matcher.find(piece, 0).is_some();
            let pending = matcher.pending(piece, 0);
            self.held.extend_from_slice(piece.get(pending..).unwrap_or_default());
        } else {
            self.held.extend_from_slice(piece);
            self.found = matcher.find(&self.held, 0).is_some();
            let pending = matcher.pending(&self.held, 0);
            self.held.drain(..pending);
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Secret, Vault};
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_the_content_is_cut() {
        let vault = Vault::holding(vec![Secret::literal("S", "aabaabaac").unwrap()]);
        let scanned = |pieces: &[&str]| {
            let mut scan = vault.redactor().scan();
            pieces.iter().any(|piece| scan.take(piece.as_bytes()))
        };
        let text = "aab aabaabaabaac aab";
        for cut in 0..text.len() {
            let (one, other) = text.split_at(cut);
            assert!(scanned(&[one, other]), "{cut}");
        }
        let letters: Vec<&str> = text.split("").collect();
        assert!(scanned(&letters));
        assert!(!scanned(&["aabaaba", "aab", "aabaabaa"]));
    }

    #[test]
    fn a_file_is_looked_through_to_its_end_and_across_what_is_read_at_once() {
        let vault = Vault::holding(vec![Secret::literal("S", "hunter2hunter2").unwrap()]);
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 40).unwrap();
        assert!(!vault.redactor().finds_in(&file).unwrap());
        let place = (1 << 39) + CHUNK as u64 - 5;
        file.write_all_at(&[b'-'; CHUNK], 1 << 39).unwrap();
        file.write_all_at(b"hunter2hunter2", place).unwrap();
        assert!(vault.redactor().finds_in(&file).unwrap());
    }
}
