//! Text from guests, repositories and file names, before it reaches a terminal: what would move the cursor,
//! change colours or turn the reading direction is shown as an escape instead of obeyed.

use std::borrow::Cow;

/// Lines stay lines and tabs stay tabs.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_command(c) && !matches!(c, '\n' | '\t'))
}

/// For one cell or one line: nothing breaks out of it.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, is_command)
}

fn escaped(text: &str, is_bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_bad) {
        return text.into();
    }
    let shown = |c: char| if is_bad(c) { c.escape_debug().to_string() } else { c.to_string() };
    text.chars().map(shown).collect::<String>().into()
}

/// The control characters of ECMA-48 (C0, DEL, C1), and those that turn the reading direction (Unicode
/// Standard Annex #9, "Explicit Directional Formatting Characters").
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_commands_a_terminal_gets_through() {
        let hostile = "a\u{1b}[31mb\r\u{7}\u{9b}2J\u{202e}ü\tc\n";
        assert_eq!(printable(hostile), "a\\u{1b}[31mb\\r\\u{7}\\u{9b}2J\\u{202e}ü\tc\n");
        assert_eq!(one_line("a\tb\nc"), "a\\tb\\nc");
        assert!(matches!(printable("plain, ägypten\n"), Cow::Borrowed(_)));
    }
}
