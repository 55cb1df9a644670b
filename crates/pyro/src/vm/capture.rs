//! Keeps the beginning and the end of a stream of any length in bounded memory, and says what was
//! left out. It decides nothing about how much is enough: the caller does.

use std::collections::VecDeque;

/// The two ends of a byte stream.
#[derive(Debug)]
pub(crate) struct Capture {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    total: u64,
}

/// A captured stream as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Captured {
    pub(crate) text: String,
    pub(crate) total: u64,
    pub(crate) truncated: bool,
    pub(crate) lossy: bool,
}

impl Capture {
    /// Keeps at most `limit` bytes, half from each end.
    pub(crate) fn new(limit: usize) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), half: limit / 2, total: 0 }
    }

    /// What a longer stream began and ended with.
    pub(crate) fn of(head: Vec<u8>, tail: Vec<u8>, total: u64) -> Self {
        Self { head, tail: tail.into(), half: 0, total }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len() as u64);
        let room = self.half - self.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len().saturating_sub(self.half)..];
        let excess = (self.tail.len() + rest.len()).saturating_sub(self.half);
        self.tail.drain(..excess);
        self.tail.extend(rest);
    }

    /// The text, with a line in the middle that says how much is missing there. Bytes that are not
    /// UTF-8 become U+FFFD.
    pub(crate) fn finish(self) -> Captured {
        let tail: Vec<u8> = self.tail.into();
        let cut = self.total - (self.head.len() + tail.len()) as u64;
        if cut == 0 {
            let (text, lossy) = decode([self.head, tail].concat());
            return Captured { text, total: self.total, truncated: false, lossy };
        }
        // The cut may run through characters: those halves are the cut's doing, not the guest's.
        let head = whole_characters(&self.head);
        let tail = tail.get(continuation_bytes(&tail)..).unwrap_or_default();
        let cut = self.total - (head.len() + tail.len()) as u64;
        let (head, lossy_head) = decode(head.to_vec());
        let (tail, lossy_tail) = decode(tail.to_vec());
        Captured {
            text: format!("{head}\n[... {cut} bytes left out ...]\n{tail}"),
            total: self.total,
            truncated: true,
            lossy: lossy_head || lossy_tail,
        }
    }
}

fn decode(bytes: Vec<u8>) -> (String, bool) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, false),
        Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
    }
}

/// Without the beginning of a character at the end.
fn whole_characters(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// How many bytes at the beginning continue a character that was cut: at most three.
fn continuation_bytes(bytes: &[u8]) -> usize {
    bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(limit: usize, chunks: &[&[u8]]) -> Captured {
        let mut capture = Capture::new(limit);
        for chunk in chunks {
            capture.push(chunk);
        }
        capture.finish()
    }

    #[test]
    fn what_fits_is_kept_whole_across_chunks() {
        let all = captured(8, &[b"abc", b"", b"defgh"]);
        assert_eq!((all.text.as_str(), all.total, all.truncated), ("abcdefgh", 8, false));
    }

    #[test]
    fn one_byte_more_is_cut_in_the_middle_and_counted() {
        let cut = captured(8, &[b"abcd", b"efghi"]);
        assert_eq!(cut.text, "abcd\n[... 1 bytes left out ...]\nfghi");
        assert_eq!((cut.total, cut.truncated, cut.lossy), (9, true, false));
        let cut = captured(4, &[b"0123456789".repeat(1000).as_slice()]);
        assert_eq!(cut.text, "01\n[... 9996 bytes left out ...]\n89");
    }

    #[test]
    fn the_cut_harms_no_character_and_foreign_bytes_are_flagged() {
        let cut = captured(6, &["ääää€".as_bytes()]);
        assert_eq!((cut.text.as_str(), cut.lossy), ("ä\n[... 6 bytes left out ...]\n€", false));
        let raw = captured(8, &[b"a\xff\x00b"]);
        assert_eq!((raw.text.as_str(), raw.lossy), ("a\u{fffd}\u{0}b", true));
    }
}
