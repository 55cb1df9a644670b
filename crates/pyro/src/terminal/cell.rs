//! One character's place on a screen.

use std::fmt::Write;

/// So many marks of one character are kept: more than any script needs.
const MAX_MARKS: usize = 8;
/// The right half of a character that takes two places.
const RIGHT_HALF: char = '\0';

/// What one place shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    glyph: char,
    /// What takes no place of its own: accents, joiners, and what turns the reading direction.
    marks: Vec<char>,
}

impl Cell {
    pub(super) const BLANK: Self = Self { glyph: ' ', marks: Vec::new() };
    pub(super) const RIGHT_HALF: Self = Self { glyph: RIGHT_HALF, marks: Vec::new() };

    pub(super) fn of(glyph: char) -> Self {
        Self { glyph, marks: Vec::new() }
    }

    pub(super) fn is_right_half(&self) -> bool {
        self.glyph == RIGHT_HALF
    }

    pub(super) fn is_blank(&self) -> bool {
        self.glyph == ' ' && self.marks.is_empty()
    }

    pub(super) fn mark(&mut self, mark: char) {
        if self.marks.len() < MAX_MARKS {
            self.marks.push(mark);
        }
    }

    /// Accents belong to their character; what nobody sees is shown as an escape.
    pub(super) fn show(&self, text: &mut String) {
        if self.is_right_half() {
            return;
        }
        text.push(self.glyph);
        for mark in &self.marks {
            if is_invisible(*mark) {
                // writing to a string cannot fail
                let _ = write!(text, "{}", mark.escape_unicode());
            } else {
                text.push(*mark);
            }
        }
    }
}

/// Characters without a picture (Unicode Standard, general category Cf, and its fillers and variation
/// selectors): a reader cannot tell a text that has them from one that has not. The selectors of emoji are
/// harmless.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// How many places a character takes: 0, 1 or 2. What nobody sees takes none.
pub(super) fn width(c: char) -> usize {
    if is_invisible(c) {
        return 0;
    }
    unicode_width::UnicodeWidthChar::width(c).unwrap_or(0).min(2)
}
