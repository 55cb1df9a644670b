//! Reads what a shell has shown, from a cursor on: byte for byte, or as a person would read it.

use super::Workspace;
use super::shell::ShellStatus;
use crate::error::Result;
pub use crate::shim::shells::words::ShellWait;
use crate::terminal::plain_page;
use serde::Serialize;

/// More than is ever kept of a shell.
const ALL: usize = usize::MAX;
/// A character has at most so many bytes.
const WIDEST: usize = 4;
/// However long a shell goes on showing something: a reader that waits for a pause waits no longer than
/// this, in milliseconds.
pub const MAX_IDLE_WAIT_MS: u64 = 30_000;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShellRead {
    /// The place of the first byte, counted from the shell's beginning.
    pub cursor: u64,
    /// How many characters of text at most.
    pub max_chars: usize,
    /// Whether escape sequences are obeyed as a terminal does, and the lines told that it would show.
    pub plain: bool,
    /// What is waited for before.
    pub wait: ShellWait,
}

/// What a shell has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShellOutput {
    /// The shell at that moment.
    #[serde(flatten)]
    pub shell: ShellStatus,
    /// Where this reading was to begin.
    pub cursor: u64,
    /// Where the next one begins.
    pub next_cursor: u64,
    /// How many bytes the shell has shown in all.
    pub end_cursor: u64,
    /// The bytes between the cursors as text, those that are not UTF-8 replaced by U+FFFD. `plain`: the lines
    /// of the screen that these bytes wrote to, as they are after them; then, where a program draws on the
    /// whole screen, that screen.
    pub output: String,
    /// Whether something that was asked for is missing: it is no longer kept, or one screen is more than
    /// `max_chars`.
    pub truncated: bool,
    /// How many bytes are no longer kept.
    pub lost_bytes: u64,
    /// As asked for.
    pub plain: bool,
    /// `plain`: whether a program draws on the whole screen, as editors and pagers do.
    pub alternate_screen: bool,
    /// For how long a pause was waited.
    pub wait_for_idle_ms: Option<u64>,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

impl ShellRead {
    /// Everything that is there now, from the beginning.
    #[must_use]
    pub fn all(max_chars: usize) -> Self {
        Self { cursor: 0, max_chars, plain: false, wait: ShellWait::Nothing }
    }

    /// Waits first until the shell has shown nothing for so many milliseconds, or has ended; at most
    /// [`MAX_IDLE_WAIT_MS`].
    #[must_use]
    pub fn once_idle_for(self, idle_ms: u64) -> Self {
        let wait = ShellWait::Idle { idle_ms, limit_ms: MAX_IDLE_WAIT_MS };
        Self { wait, ..self }
    }

    /// Of the two, what all bytes are needed for: how a sequence in the middle is to be read depends on
    /// what came before.
    fn request(self) -> (u64, usize) {
        if self.plain { (0, ALL) } else { (self.cursor, self.max_chars.saturating_mul(WIDEST)) }
    }
}

/// The text of some bytes.
#[derive(Debug, Default)]
struct Text {
    text: String,
    bytes: usize,
    is_alternate: bool,
    is_cut: bool,
}

impl Workspace {
    /// Reads what a shell has shown. Readings that go on at the last one's `next_cursor` miss nothing and
    /// repeat nothing; of each shell the last MiB is kept.
    ///
    /// # Errors
    /// If there is no such shell.
    pub async fn shell_read(&self, shell_id: &str, read: ShellRead) -> Result<ShellOutput> {
        let (from, most) = read.request();
        let answer = self.shim.read_shell(shell_id, from, most, read.wait).await;
        let (extract, bytes) = answer.map_err(self.no_shell(shell_id))?;
        let shell = self.shell_status(extract.state);
        // where it does begin: what is gone is gone, and what is to come has not come
        let begin = read.cursor.clamp(extract.from, extract.end);
        let skipped = usize::try_from(begin - extract.from).unwrap_or(bytes.len());
        let (before, bytes) = bytes.split_at(skipped.min(bytes.len()));
        let goes_on = shell.ended_at.is_none() || begin + (bytes.len() as u64) < extract.end;
        let text = match read.plain {
            true => plain(&shell, before, bytes, read.max_chars),
            false => raw(bytes, read.max_chars, goes_on),
        };
        let lost_bytes = begin.saturating_sub(read.cursor);
        Ok(ShellOutput {
            shell,
            cursor: read.cursor,
            next_cursor: begin + text.bytes as u64,
            end_cursor: extract.end,
            output: text.text,
            truncated: lost_bytes > 0 || text.is_cut,
            lost_bytes,
            plain: read.plain,
            alternate_screen: text.is_alternate,
            wait_for_idle_ms: match read.wait {
                ShellWait::Idle { idle_ms, .. } => Some(idle_ms),
                ShellWait::Nothing | ShellWait::Output { .. } => None,
            },
            notices: self.notices().to_vec(),
        })
    }
}

fn plain(shell: &ShellStatus, before: &[u8], bytes: &[u8], max_chars: usize) -> Text {
    let page = plain_page((shell.cols, shell.rows), before, bytes, max_chars);
    let (bytes, is_alternate, is_cut) = (page.bytes, page.is_alternate, page.is_cut);
    Text { text: page.text, bytes, is_alternate, is_cut }
}

/// At most so many characters. One that the end cuts is left for the next reading, where that has more.
fn raw(bytes: &[u8], max_chars: usize, goes_on: bool) -> Text {
    let mut read = Text::default();
    let mut room = max_chars;
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        let fits = chunk.valid().char_indices().nth(room).map(|(at, _)| at);
        let valid = chunk.valid().get(..fits.unwrap_or(chunk.valid().len())).unwrap_or_default();
        read.text.push_str(valid);
        read.bytes += valid.len();
        room -= valid.chars().count();
        let invalid = chunk.invalid();
        if invalid.is_empty() {
            continue;
        }
        let is_cut = chunks.peek().is_none()
            && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
        if room == 0 || (is_cut && goes_on) {
            break;
        }
        read.text.push(char::REPLACEMENT_CHARACTER);
        read.bytes += invalid.len();
        room -= 1;
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_character_that_the_end_cuts_waits_for_its_rest() {
        let read = raw("aü".as_bytes().split_at(2).0, 9, true);
        assert_eq!((read.text.as_str(), read.bytes), ("a", 1));
        let read = raw(b"a\xc3", 9, false);
        assert_eq!((read.text.as_str(), read.bytes), ("a\u{fffd}", 2));
        let read = raw(b"\xffab", 2, true);
        assert_eq!((read.text.as_str(), read.bytes), ("\u{fffd}a", 2));
    }

    proptest! {
        #[test]
        fn readings_that_go_on_where_the_last_one_ended_are_the_text(
            text in "\\PC{0,60}", max in 1usize..9, window in 4usize..40,
        ) {
            let bytes = text.as_bytes();
            let (mut at, mut whole) = (0, String::new());
            while at < bytes.len() {
                // as much as there is by now
                let now = bytes.len().min(at + window);
                let read = raw(&bytes[at..now], max, now < bytes.len());
                prop_assert!(read.bytes > 0 && read.text.chars().count() <= max);
                at += read.bytes;
                whole += &read.text;
            }
            prop_assert_eq!(whole, text);
        }
    }
}
