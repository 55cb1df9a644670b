//! The end of what a service wrote.

use super::LOG;
use crate::error::PathError;
use crate::journal::{Part, Stdio, read_output};
use std::path::Path;

/// So much is looked through for the last lines, in bytes.
pub const TAIL: usize = 1 << 20;
/// So many of the last lines, and so many bytes of them, an error message has.
const SHOWN: (usize, usize) = (20, 4096);

/// The last lines of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Their bytes, with their streams, in their order.
    pub parts: Vec<Part>,
    /// The place behind them.
    pub next: u64,
    /// Whether there was more before them.
    pub truncated: bool,
}

/// The last so many lines that a service wrote, in its directory; `totals` are the bytes of its streams so far,
/// stdout first. At most [`TAIL`] bytes.
///
/// # Errors
/// If its files cannot be read.
pub fn tail(home: &Path, totals: [u64; 2], lines: usize) -> Result<Tail, PathError> {
    end_of(home, totals, lines, TAIL)
}

/// The last lines for a message: those of one stream after those of the other are told apart by nothing.
#[must_use]
pub fn last_lines(home: &Path, totals: [u64; 2]) -> String {
    let (lines, bytes) = SHOWN;
    let tail = end_of(home, totals, lines, bytes).map(|tail| tail.parts).unwrap_or_default();
    let bytes: Vec<u8> = tail.into_iter().flat_map(|part| part.bytes).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn end_of(home: &Path, totals: [u64; 2], lines: usize, max: usize) -> Result<Tail, PathError> {
    let total = totals[0] + totals[1];
    let from = total.saturating_sub(max as u64);
    let output = read_output(home, LOG, totals, from, max)?;
    let mut parts = output.parts;
    let cut = keep_last_lines(&mut parts, lines);
    Ok(Tail { parts, next: output.next, truncated: cut || from > 0 || output.lost > 0 })
}

/// Cuts what comes before the last lines; whether there was anything. A line break at the very end ends the last
/// line and begins none.
fn keep_last_lines(parts: &mut Vec<Part>, lines: usize) -> bool {
    let mut breaks = 0;
    let mut is_end = true;
    for (place, part) in parts.iter_mut().enumerate().rev() {
        for at in (0..part.bytes.len()).rev() {
            let is_break = part.bytes.get(at) == Some(&b'\n') && !is_end;
            is_end = false;
            breaks += usize::from(is_break);
            if is_break && breaks == lines {
                part.bytes.drain(..=at);
                let from = place + usize::from(part.bytes.is_empty());
                parts.drain(..from);
                return true;
            }
        }
    }
    false
}

/// The text of one stream. Bytes that are not UTF-8 are replaced by U+FFFD.
#[must_use]
pub fn text_of(parts: &[Part], stream: Stdio) -> String {
    let bytes: Vec<u8> =
        parts.iter().filter(|part| part.stream == stream).flat_map(|p| p.bytes.clone()).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Recording;

    fn shown(wrote: &[(Stdio, &str)], lines: usize) -> (Vec<(Stdio, String)>, bool) {
        let home = tempfile::tempdir().unwrap();
        let mut recording = Recording::create(home.path(), LOG).unwrap();
        for (stream, text) in wrote {
            recording.take(*stream, text.as_bytes());
        }
        let tail = tail(home.path(), recording.totals(), lines).unwrap();
        let text = |part: Part| (part.stream, String::from_utf8(part.bytes).unwrap());
        (tail.parts.into_iter().map(text).collect(), tail.truncated)
    }

    #[test]
    fn the_last_lines_of_both_streams_come_in_their_order() {
        use Stdio::{Err, Out};
        let wrote = [(Out, "one\ntwo\n"), (Err, "three\n"), (Out, "four")];
        let is = |stream, text: &str| (stream, text.to_owned());
        assert_eq!(shown(&wrote, 1), (vec![is(Out, "four")], true));
        assert_eq!(shown(&wrote, 2), (vec![is(Err, "three\n"), is(Out, "four")], true));
        let three = vec![is(Out, "two\n"), is(Err, "three\n"), is(Out, "four")];
        assert_eq!(shown(&wrote, 3), (three, true));
        assert!(!shown(&wrote, 4).1);
        assert_eq!(shown(&[(Out, "one\ntwo\n")], 1), (vec![is(Out, "two\n")], true));
        assert_eq!(shown(&[(Out, "\n\n")], 1), (vec![is(Out, "\n")], true));
        assert_eq!(shown(&[], 5), (vec![], false));
    }

    #[test]
    fn a_message_has_no_more_than_its_share() {
        let home = tempfile::tempdir().unwrap();
        let mut recording = Recording::create(home.path(), LOG).unwrap();
        recording.take(Stdio::Out, "x".repeat(100_000).as_bytes());
        recording.take(Stdio::Err, b"\nboom\n");
        let lines = last_lines(home.path(), recording.totals());
        assert!(lines.len() <= SHOWN.1 && lines.ends_with("x\nboom\n"), "{}", lines.len());
    }
}
