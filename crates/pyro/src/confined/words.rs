//! What is asked and answered. One question at a time: a JSON line; then frames, of one byte that says what
//! it is, four that say how long (little-endian), and that many. The last is an end or a refusal.

use pyro_proto::GuestPath;
use serde::{Deserialize, Serialize};
use std::io::{self, ErrorKind, Read, Write};

/// The longest question, in bytes: a path, each byte of it written as a number.
pub(super) const MAX_QUESTION: u64 = 64 << 10;
/// The longest frame, in bytes: a piece of a file, or an entry with two paths of bytes written as numbers.
pub(super) const MAX_FRAME: usize = 64 << 10;

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(super) enum Question {
    /// Ends with [`Survey`].
    Survey {
        /// How many entries to count at most.
        limit: u64,
    },
    /// Items are [`Entry`](pyro_proto::tree::Entry), ends with [`ListDone`](pyro_proto::tree::ListDone).
    List {
        /// Below `/workspace`; empty for that itself.
        path: GuestPath,
        /// Whether directories below are listed too.
        recursive: bool,
        /// How many entries at most.
        limit: u64,
    },
    /// What a path is to be exported as. Items as of [`Question::List`], of files followed by their runs;
    /// ends with [`ListDone`](pyro_proto::tree::ListDone). Refused for a disk that is not clean.
    Plan {
        /// Below `/workspace`; empty for that itself.
        path: GuestPath,
        /// How many entries at most.
        limit: u64,
    },
    /// Pieces of the content, ends with [`FileEnd`].
    Read {
        /// Below `/workspace`.
        path: GuestPath,
        /// The first byte.
        offset: u64,
        /// How many bytes at most.
        length: u64,
    },
}

/// What a disk holds on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// Whether its file system was brought into order before its machine stopped or stood still.
    pub is_clean: bool,
    /// Files, directories and links below `/workspace`; none where they are more than were to be counted.
    pub entries: Option<u64>,
    /// Bytes of the files' content; none where `entries` is.
    pub bytes: Option<u64>,
}

/// The end of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEnd {
    /// Bytes of the whole file.
    pub(super) size: u64,
}

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Piece = b'p' as isize,
    Item = b'i' as isize,
    Runs = b'c' as isize,
    End = b'e' as isize,
    Refusal = b'r' as isize,
}

impl Frame {
    fn of(byte: u8) -> Option<Self> {
        let all = [Self::Piece, Self::Item, Self::Runs, Self::End, Self::Refusal];
        all.into_iter().find(|frame| *frame as u8 == byte)
    }
}

/// Writes one frame.
pub(super) fn write(to: &mut impl Write, frame: Frame, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| ErrorKind::InvalidInput)?;
    to.write_all(&[frame as u8])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(bytes)
}

/// Writes one frame of JSON.
pub(super) fn write_json(
    to: &mut impl Write,
    frame: Frame,
    value: &impl Serialize,
) -> io::Result<()> {
    write(to, frame, &serde_json::to_vec(value)?)
}

/// Reads one frame; [`ErrorKind::InvalidData`] where it breaks a rule.
pub(super) fn read(from: &mut impl Read) -> io::Result<(Frame, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [kind, length @ ..] = head;
    let frame = Frame::of(kind).ok_or(ErrorKind::InvalidData)?;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_FRAME {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok((frame, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written_and_others_are_refused() {
        let mut wire = Vec::new();
        write(&mut wire, Frame::Piece, b"abc").unwrap();
        write_json(&mut wire, Frame::End, &FileEnd { size: 3 }).unwrap();
        let mut from = &wire[..];
        assert_eq!(read(&mut from).unwrap(), (Frame::Piece, b"abc".to_vec()));
        assert_eq!(read(&mut from).unwrap(), (Frame::End, br#"{"size":3}"#.to_vec()));
        let kind = |wire: &[u8]| read(&mut &*wire).unwrap_err().kind();
        assert_eq!(kind(&[]), ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"p\x04\0\0\0abc"), ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"x\x01\0\0\0a"), ErrorKind::InvalidData);
        assert_eq!(kind(b"p\xff\xff\xff\xff"), ErrorKind::InvalidData);
    }
}
