//! Takes a part out of a text that passes by: by bytes or by lines, bounded, and never ending within a
//! character.

use std::ops::ControlFlow;

/// A part that is being taken.
#[derive(Debug)]
pub(super) struct TextPart {
    bytes: Vec<u8>,
    room: usize,
    /// The place of the first byte taken.
    offset: u64,
    /// Lines to pass by before the part.
    skip: u64,
    /// Lines that the part may still take.
    lines: u64,
}

impl TextPart {
    /// The bytes from `offset` on; what comes begins there.
    pub(super) fn of_bytes(offset: u64, max: u64) -> Self {
        Self { bytes: Vec::new(), room: room(max), offset, skip: 0, lines: u64::MAX }
    }

    /// So many lines from the line `first` on, which counts from 1; what comes begins with the text.
    pub(super) fn of_lines(first: u64, count: u64, max: u64) -> Self {
        let skip = first.saturating_sub(1);
        Self { bytes: Vec::new(), room: room(max), offset: 0, skip, lines: count }
    }

    /// Takes what it wants of the next bytes.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> ControlFlow<()> {
        while self.skip > 0 {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.offset += bytes.len() as u64;
                return ControlFlow::Continue(());
            };
            self.offset += end as u64 + 1;
            self.skip -= 1;
            bytes = bytes.get(end + 1..).unwrap_or_default();
        }
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.lines == 0 || self.room == 0 {
                return ControlFlow::Break(());
            }
            let taken = line.get(..line.len().min(self.room)).unwrap_or(line);
            self.bytes.extend_from_slice(taken);
            self.room -= taken.len();
            self.lines -= u64::from(line.ends_with(b"\n"));
        }
        match self.lines == 0 || self.room == 0 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Where the part begins in a text of `size` bytes, and the part. A character that its end cuts is
    /// left out.
    ///
    /// # Errors
    /// The place of the first byte that is no text.
    pub(super) fn finish(mut self, size: u64) -> Result<(u64, String), u64> {
        if let Err(error) = std::str::from_utf8(&self.bytes) {
            let valid = error.valid_up_to();
            let until = self.offset.saturating_add(self.bytes.len() as u64);
            let cut = error.error_len().is_none() && until < size;
            if !cut || valid == 0 {
                return Err(self.offset + valid as u64);
            }
            self.bytes.truncate(valid);
        }
        // it was looked at above
        Ok((self.offset, String::from_utf8(self.bytes).unwrap_or_default()))
    }
}

fn room(max: u64) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "one\ntwo\ndrüben\nlast";

    fn part(
        mut part: TextPart,
        text: &[u8],
        size: usize,
        chunk: usize,
    ) -> Result<(u64, String), u64> {
        for chunk in text.chunks(chunk) {
            if part.take(chunk).is_break() {
                break;
            }
        }
        part.finish(size as u64)
    }

    #[test]
    fn lines_are_taken_whatever_the_chunks_are() {
        let lines = |first, count, max, chunk| {
            let wanted = TextPart::of_lines(first, count, max);
            part(wanted, TEXT.as_bytes(), TEXT.len(), chunk).unwrap()
        };
        for chunk in 1..30 {
            assert_eq!(lines(1, 1, 99, chunk), (0, "one\n".into()));
            assert_eq!(lines(2, 2, 99, chunk), (4, "two\ndrüben\n".into()));
            assert_eq!(lines(4, 9, 99, chunk), (16, "last".into()));
            assert_eq!(lines(9, 9, 99, chunk), (20, String::new()));
            assert_eq!(lines(3, 9, 3, chunk), (8, "dr".into()));
        }
    }

    #[test]
    fn a_part_never_ends_within_a_character_and_what_is_no_text_is_placed() {
        let bytes = |offset: usize, max, text: &[u8]| {
            let wanted = TextPart::of_bytes(offset as u64, max);
            part(wanted, &text[offset..], text.len(), 7)
        };
        assert_eq!(bytes(0, 99, TEXT.as_bytes()).unwrap(), (0, TEXT.into()));
        assert_eq!(bytes(8, 3, TEXT.as_bytes()).unwrap(), (8, "dr".into()));
        assert_eq!(bytes(11, 3, TEXT.as_bytes()), Err(11));
        assert_eq!(bytes(0, 99, b"ab\xffc"), Err(2));
        assert_eq!(bytes(0, 99, "ab\u{fc}".as_bytes().split_last().unwrap().1), Err(2));
    }
}
