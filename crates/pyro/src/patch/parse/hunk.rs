//! The hunks of a unified diff.

use super::error::{PatchSyntax, Syntax};
use super::lines::Lines;
use super::model::{Allowance, Hunk, Line, Sign};

/// The hunks that come next.
pub(super) fn read<'p>(
    lines: &mut Lines<'p>,
    allowance: &mut Allowance,
) -> Result<Vec<Hunk<'p>>, PatchSyntax> {
    let mut hunks = Vec::new();
    while let Some(line) = lines.peek().filter(|line| line.starts_with(b"@@")) {
        let Some((start, old, new)) = numbers(line) else {
            return Err(lines.error(Syntax::Hunk(
                "a hunk needs its line numbers here, as in @@ -10,6 +10,7 @@",
            )));
        };
        let begin = lines.clone();
        lines.next();
        let body = body(lines, allowance, old, new).map_err(|found| match found {
            Body::Syntax(error) => error,
            Body::Counts { old: are_old, new: are_new } => begin.error(Syntax::Counts {
                said_old: old,
                said_new: new,
                old: are_old,
                new: are_new,
            }),
        })?;
        let line = begin.number();
        hunks.push(Hunk {
            line,
            start: Some(start),
            anchors: Vec::new(),
            at_end: false,
            lines: body,
        });
    }
    Ok(hunks)
}

enum Body {
    Syntax(PatchSyntax),
    /// So many lines were found.
    Counts {
        old: usize,
        new: usize,
    },
}

impl From<PatchSyntax> for Body {
    fn from(error: PatchSyntax) -> Self {
        Self::Syntax(error)
    }
}

fn body<'p>(
    lines: &mut Lines<'p>,
    allowance: &mut Allowance,
    said_old: usize,
    said_new: usize,
) -> Result<Vec<Line<'p>>, Body> {
    let (mut body, mut old, mut new) = (Vec::<Line<'_>>::new(), 0, 0);
    // of each side: whether a line without a newline has come, behind which none may
    let (mut old_ended, mut new_ended) = (false, false);
    loop {
        let complete = (old, new) == (said_old, said_new);
        let Some(line) = lines.peek() else { break };
        if line.starts_with(b"\\") {
            let Some(last) = body.last_mut() else {
                return Err(lines.error(Syntax::Hunk("there is no line before this one")).into());
            };
            last.newline = false;
            old_ended |= last.sign.is_old();
            new_ended |= last.sign.is_new();
            lines.next();
            continue;
        }
        let Some((sign, text)) = signed(line, complete, lines) else { break };
        old += usize::from(sign.is_old());
        new += usize::from(sign.is_new());
        if old > said_old || new > said_new {
            let (old, new) = count_on(lines, old, new);
            return Err(Body::Counts { old, new });
        }
        if (sign.is_old() && old_ended) || (sign.is_new() && new_ended) {
            let what = "a line follows one that has no newline at the end of the file";
            return Err(lines.error(Syntax::Hunk(what)).into());
        }
        if !allowance.take() {
            return Err(lines.error(Syntax::TooManyLines { limit: Allowance::LINES }).into());
        }
        body.push(Line { sign, newline: true, text });
        lines.next();
    }
    if (old, new) != (said_old, said_new) {
        return Err(Body::Counts { old, new });
    }
    Ok(body)
}

/// How many lines there are when those are counted that are too many.
fn count_on(lines: &mut Lines<'_>, mut old: usize, mut new: usize) -> (usize, usize) {
    lines.next();
    while let Some((sign, _)) = lines.peek().and_then(|line| signed(line, true, lines)) {
        old += usize::from(sign.is_old());
        new += usize::from(sign.is_new());
        lines.next();
    }
    (old, new)
}

/// A line of a hunk. An empty one was a blank that an editor has removed. Once the hunk is complete, what
/// looks like the next file's header or a mail's signature is none of its lines.
fn signed<'p>(line: &'p [u8], complete: bool, lines: &Lines<'p>) -> Option<(Sign, &'p [u8])> {
    let begins_file = || {
        let second = lines.peek_second().unwrap_or_default();
        line.starts_with(b"--- ") && second.starts_with(b"+++ ")
    };
    let is_signature = || line == b"-- " || line == b"--";
    match line.split_first() {
        Some((b' ', text)) => Some((Sign::Context, text)),
        Some((b'-', _)) if complete && (begins_file() || is_signature()) => None,
        Some((b'-', text)) => Some((Sign::Removed, text)),
        Some((b'+', text)) => Some((Sign::Added, text)),
        None if !complete => Some((Sign::Context, line)),
        _ => None,
    }
}

/// First old line, number of old lines, number of new lines of `@@ -a,b +c,d @@`.
fn numbers(line: &[u8]) -> Option<(usize, usize, usize)> {
    let text = line.strip_prefix(b"@@ -")?;
    let (old, text) = range(text)?;
    let (new, text) = range(text.strip_prefix(b" +")?)?;
    text.starts_with(b" @@").then_some((old.0, old.1, new.1))
}

fn range(text: &[u8]) -> Option<((usize, usize), &[u8])> {
    let (start, text) = number(text)?;
    match text.strip_prefix(b",") {
        Some(text) => number(text).map(|(count, text)| ((start, count), text)),
        None => Some(((start, 1), text)),
    }
}

fn number(text: &[u8]) -> Option<(usize, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    // what has nine digits is more lines than there can be
    let digits = text.get(..end).filter(|digits| (1..=9).contains(&digits.len()))?;
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, &text[end..]))
}
