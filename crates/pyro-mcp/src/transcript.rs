//! What a command wrote, as a terminal would have shown it: both streams in one text, in their order,
//! with a line where the stream changes. Bounded in characters, and exact about how many bytes it shows,
//! so that the next reading goes on at the right place.

use pyro::journal::{Part, Stdio};

/// A part of a command's output as text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Transcript {
    /// The text.
    pub(crate) text: String,
    /// How many bytes of output it stands for.
    pub(crate) bytes: u64,
    /// Whether it holds bytes that are not UTF-8, shown as U+FFFD.
    pub(crate) lossy: bool,
}

/// The longest line that says which stream follows, with the line break before it.
const MARK: usize = "\n[stdout]\n".len();

/// At most `limit` characters of the parts. A character that their end cuts is left for the next reading
/// where `goes_on`.
pub(crate) fn transcript(parts: &[Part], limit: usize, goes_on: bool) -> Transcript {
    let mut shown = Transcript::default();
    let mut room = limit;
    let mut stream = Stdio::Out;
    for (number, part) in parts.iter().enumerate() {
        let is_last = number + 1 == parts.len();
        let Some(left) = room.checked_sub(MARK) else { break };
        if part.stream != stream {
            room = left;
            stream = part.stream;
            shown.mark(stream);
        }
        let cut = shown.take(&part.bytes, &mut room, goes_on && is_last);
        if cut {
            break;
        }
    }
    shown
}

impl Transcript {
    fn mark(&mut self, stream: Stdio) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(match stream {
            Stdio::Out => "[stdout]\n",
            Stdio::Err => "[stderr]\n",
        });
    }

    /// Whether something did not fit.
    fn take(&mut self, bytes: &[u8], room: &mut usize, goes_on: bool) -> bool {
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            for character in chunk.valid().chars() {
                if *room == 0 {
                    return true;
                }
                *room -= 1;
                self.text.push(character);
                self.bytes += character.len_utf8() as u64;
            }
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            let is_cut = chunks.peek().is_none()
                && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if *room == 0 || (is_cut && goes_on) {
                return true;
            }
            *room -= 1;
            self.text.push(char::REPLACEMENT_CHARACTER);
            self.bytes += invalid.len() as u64;
            self.lossy = true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(stream: Stdio, bytes: &[u8]) -> Part {
        Part { stream, bytes: bytes.to_vec() }
    }

    #[test]
    fn streams_are_told_apart_in_their_order() {
        let parts =
            [part(Stdio::Out, b"one\n"), part(Stdio::Err, b"two"), part(Stdio::Out, b"three\n")];
        let shown = transcript(&parts, 1000, false);
        assert_eq!(shown.text, "one\n[stderr]\ntwo\n[stdout]\nthree\n");
        assert_eq!((shown.bytes, shown.lossy), (13, false));
        assert_eq!(transcript(&[part(Stdio::Err, b"x")], 1000, false).text, "[stderr]\nx");
    }

    #[test]
    fn readings_that_go_on_where_the_last_one_ended_show_every_byte_once() {
        let bytes = "aü\u{1F600}b\n".repeat(200).into_bytes();
        for limit in [11, 12, 17, 400] {
            let (mut place, mut whole) = (0, String::new());
            while place < bytes.len() {
                let shown = transcript(&[part(Stdio::Out, &bytes[place..])], limit, false);
                assert!(shown.text.chars().count() <= limit && shown.bytes > 0);
                place += usize::try_from(shown.bytes).unwrap();
                whole += &shown.text;
            }
            assert_eq!(whole.into_bytes(), bytes);
        }
    }

    #[test]
    fn a_cut_character_waits_for_its_end_and_what_is_no_text_is_shown_as_such() {
        let cut = [part(Stdio::Out, b"ab\xc3")];
        assert_eq!(transcript(&cut, 100, true).bytes, 2);
        let ended = transcript(&cut, 100, false);
        assert_eq!((ended.text.as_str(), ended.bytes, ended.lossy), ("ab\u{fffd}", 3, true));
        assert_eq!(transcript(&[part(Stdio::Out, b"a\xff")], 100, true).bytes, 2);
    }

    #[test]
    fn streams_that_alternate_stay_within_the_limit() {
        let streams = [Stdio::Out, Stdio::Err];
        let parts: Vec<Part> = (0..1000).map(|n| part(streams[n % 2], b"x")).collect();
        let shown = transcript(&parts, 500, false);
        assert!(shown.text.chars().count() <= 500, "{}", shown.text.len());
        assert!(shown.bytes > 30, "{}", shown.bytes);
    }
}
