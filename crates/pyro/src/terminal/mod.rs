//! A terminal without glass: it takes what programs write to a terminal and tells, as plain text, what a
//! person would read on it. Nothing of it runs, answers or remembers more than its screens. The bytes are
//! a guest's: whatever they are, it stays within its size.
//!
//! Carriage returns, progress bars and cursor movements do what they do on a screen; a line that is longer
//! than the screen is wide is one line all the same. Characters that nobody sees are shown as escapes.

mod cell;
mod graphics;
mod grid;
mod page;
mod row;
mod screen;
#[cfg(test)]
mod tests;

pub use page::{Page, plain_page};

use screen::Screen;
use std::fmt;
use vte::Parser;

/// CAN (ECMA-48 8.3.6): ends whatever sequence is begun.
const CANCEL: u8 = 0x18;

/// A terminal and what it shows.
pub struct Terminal {
    parser: Parser,
    screen: Screen,
    /// The beginning of a character whose rest has not come yet.
    begun: Vec<u8>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").field("screen", &self.screen).finish_non_exhaustive()
    }
}

impl Terminal {
    /// An empty one, of so many characters in width and height.
    #[must_use]
    pub fn new(cols: u16, rows: u16) -> Self {
        Self {
            parser: Parser::new(),
            screen: Screen::new(cols.into(), rows.into()),
            begun: Vec::new(),
        }
    }

    /// Takes what is written to it; a sequence or a character may be cut anywhere. A title or another text
    /// that is not to be shown ends with its line at the latest, so an unfinished one hides nothing that
    /// follows.
    pub fn write(&mut self, bytes: &[u8]) {
        let mut whole = std::mem::take(&mut self.begun);
        whole.extend_from_slice(bytes);
        // vte 0.15 loses a character behind one whose bytes come in two writes
        self.begun = whole.split_off(whole.len() - unfinished(&whole));
        for line in whole.split_inclusive(|byte| *byte == b'\n') {
            match line.split_last() {
                Some((b'\n', before)) => {
                    self.parser.advance(&mut self.screen, before);
                    self.end_line();
                }
                _ => self.parser.advance(&mut self.screen, line),
            }
        }
    }

    /// A line feed is obeyed even within a sequence (as on a VT100), but not within a text.
    fn end_line(&mut self) {
        self.screen.was_told = false;
        self.parser.advance(&mut self.screen, b"\n");
        if !self.screen.was_told {
            self.parser.advance(&mut self.screen, &[CANCEL, b'\r', b'\n']);
        }
    }

    /// Whether a program draws on the whole screen, with what was there before kept aside.
    #[must_use]
    pub fn is_alternate(&self) -> bool {
        self.screen.is_alternate
    }

    /// The column where the next character goes, from 0.
    #[must_use]
    pub fn column(&self) -> usize {
        self.screen.column()
    }

    /// What is on it now, without the empty lines at the end.
    #[must_use]
    pub fn seen(&self) -> String {
        self.screen.seen()
    }
}

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let is_begun = |count: &usize| {
        let end = bytes.get(bytes.len().wrapping_sub(*count)..).unwrap_or_default();
        let error = std::str::from_utf8(end).err();
        error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..4).find(is_begun).unwrap_or(0)
}
