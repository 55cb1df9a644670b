//! The hunks of a text file.

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::ops::Range;
use std::time::Instant;

/// Unchanged lines around a change.
const CONTEXT: usize = 3;
/// The most lines of a side; more make a binary patch. They bound the memory that comparing takes.
const MAX_LINES: usize = 1 << 20;

/// The text of `content`, if it is text: UTF-8 without NUL.
pub(super) fn text_of(content: &[u8]) -> Option<&str> {
    if content.contains(&0) { None } else { std::str::from_utf8(content).ok() }
}

/// The hunks that make `after` out of `before`; empty where they are equal, and `None` where the lines
/// are too many or comparing them takes longer than until `deadline`.
pub(super) fn hunks(before: &str, after: &str, deadline: Instant) -> Option<String> {
    let (old, new) = (lines(before)?, lines(after)?);
    let (old_numbers, new_numbers) = number(&old, &new);
    let ops = compare(&old_numbers, &new_numbers, deadline)?;
    let mut text = String::new();
    for group in group_diff_ops(ops, CONTEXT) {
        write_hunk(&group, &old, &new, &mut text);
    }
    Some(text)
}

/// Each line with its newline; the last may lack one.
fn lines(text: &str) -> Option<Vec<&str>> {
    let lines: Vec<&str> = text.split_inclusive('\n').take(MAX_LINES + 1).collect();
    (lines.len() <= MAX_LINES).then_some(lines)
}

/// Equal lines get equal numbers, so that comparing does not read them again.
fn number(old: &[&str], new: &[&str]) -> (Vec<usize>, Vec<usize>) {
    let mut numbers = HashMap::new();
    let mut number = |line| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    let old = old.iter().map(|line| number(*line)).collect();
    (old, new.iter().map(|line| number(*line)).collect())
}

/// Past its deadline the library gives a coarse answer; that it came late is how it is told apart.
fn compare(old: &[usize], new: &[usize], deadline: Instant) -> Option<Vec<DiffOp>> {
    if Instant::now() >= deadline {
        return None;
    }
    let ops = capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(deadline));
    (Instant::now() < deadline).then_some(ops)
}

fn write_hunk(group: &[DiffOp], old: &[&str], new: &[&str], text: &mut String) {
    let (Some(first), Some(last)) = (group.first(), group.last()) else { return };
    let removed = first.old_range().start..last.old_range().end;
    let added = first.new_range().start..last.new_range().end;
    let _ = writeln!(text, "@@ -{} +{} @@", Lines(&removed), Lines(&added)); // into a string: cannot fail
    for op in group {
        match *op {
            DiffOp::Equal { .. } => write_lines(' ', &old[op.old_range()], text),
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                write_lines('-', &old[op.old_range()], text);
                write_lines('+', &new[op.new_range()], text);
            }
        }
    }
}

fn write_lines(sign: char, lines: &[&str], text: &mut String) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// First line and number of lines, which is left out where it is 1. An empty range is named by the
/// line before it.
struct Lines<'a>(&'a Range<usize>);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            0 => write!(f, "{},0", self.0.start),
            1 => write!(f, "{}", self.0.start + 1),
            length => write!(f, "{},{length}", self.0.start + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn hunks_have_three_lines_around_and_say_where_a_newline_is_missing() {
        let before: String = (1..=20).map(|i| format!("{i}\n")).collect();
        let after = before.replace("10\n", "ten\n") + "end";
        let expected = "@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n\
                        @@ -18,3 +18,4 @@\n 18\n 19\n 20\n+end\n\\ No newline at end of file\n";
        assert_eq!(hunks(&before, &after, soon()).unwrap(), expected);
        assert_eq!(hunks("", "a\n", soon()).unwrap(), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(hunks("a\n", "", soon()).unwrap(), "@@ -1 +0,0 @@\n-a\n");
        assert_eq!(hunks("a", "a", soon()).unwrap(), "");
    }

    #[test]
    fn what_takes_too_long_or_has_too_many_lines_has_no_hunks() {
        assert_eq!(hunks("a", "b", Instant::now()), None);
        assert_eq!(hunks("a", &"\n".repeat(MAX_LINES + 1), soon()), None);
        assert!(hunks("a", &"\n".repeat(MAX_LINES), soon()).is_some());
    }

    #[test]
    fn only_utf8_without_nul_is_text() {
        assert_eq!(text_of(b"a\r\n"), Some("a\r\n"));
        assert_eq!(text_of(b"a\0"), None);
        assert_eq!(text_of(b"\xff"), None);
    }
}
