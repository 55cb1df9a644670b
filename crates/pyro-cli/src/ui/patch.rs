//! A unified diff on a terminal: additions green, deletions red, hunk headers cyan, file headers bold. The
//! signs at the beginning of the lines say the same without colours.

use super::printable::printable;
use std::fmt::Write;

/// ANSI SGR codes, ECMA-48 8.3.117.
const ADDED: &str = "\x1b[32m";
const DELETED: &str = "\x1b[31m";
const HUNK: &str = "\x1b[36m";
const HEADER: &str = "\x1b[1m";
const PLAIN: &str = "\x1b[0m";

/// The patch for a terminal, coloured if it may be. What it quotes commands nothing.
pub(super) fn on_terminal(patch: &str, colour: bool) -> String {
    let patch = printable(patch);
    if !colour {
        return patch.into_owned();
    }
    let mut text = String::with_capacity(patch.len() + patch.len() / 8);
    let mut in_hunk = false;
    for line in patch.lines() {
        in_hunk = line.starts_with("@@") || (in_hunk && !line.starts_with("diff "));
        // writing to a string cannot fail
        let _ = match tone(line, in_hunk) {
            Some(tone) => writeln!(text, "{tone}{line}{PLAIN}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

fn tone(line: &str, in_hunk: bool) -> Option<&'static str> {
    match line.as_bytes().first()? {
        _ if !in_hunk => Some(HEADER),
        b'@' => Some(HUNK),
        b'+' => Some(ADDED),
        b'-' => Some(DELETED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_hunk_are_told_from_headers_that_look_like_them() {
        let patch =
            "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n--- b\n+++ \u{1b}c\n";
        let bold = |text| format!("{HEADER}{text}{PLAIN}\n");
        let expected = [
            bold("diff --git a/x b/x"),
            bold("--- a/x"),
            bold("+++ b/x"),
            format!("{HUNK}@@ -1,2 +1,2 @@{PLAIN}\n a\n"),
            format!("{DELETED}--- b{PLAIN}\n{ADDED}+++ \\u{{1b}}c{PLAIN}\n"),
        ];
        assert_eq!(on_terminal(patch, true), expected.concat());
        assert_eq!(on_terminal(patch, false), patch.replace('\u{1b}', "\\u{1b}"));
    }
}
