//! The hunks of one file, put into its content.

use super::super::parse::{Hunk, Line, Sign};
use super::mismatch::{JOINED, Mismatch, NO_ANCHOR, NO_CONTEXT};
use super::place::Search;
use std::collections::HashMap;

/// The most lines of a file that is edited. They bound the memory that this takes.
const MAX_LINES: usize = 2 << 20;

/// A line of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextLine<'c> {
    /// Without its newline.
    pub(super) text: &'c [u8],
    /// Whether it has one.
    pub(super) newline: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Edited {
    pub(super) content: Vec<u8>,
    /// Hunks that were elsewhere: which, where, how many lines further down.
    pub(super) offsets: Vec<(usize, usize, isize)>,
}

/// Puts the hunks into `content`, the other way round if `reverse`.
pub(super) fn edit(
    content: &[u8],
    hunks: &[Hunk<'_>],
    reverse: bool,
    comparisons: &mut u64,
) -> Result<Edited, Box<Mismatch>> {
    let lines = text_lines(content);
    // the `***` form knows neither how lines end nor where they are
    let loose = hunks.iter().all(|hunk| hunk.start.is_none());
    let numbers = Numbers::of(&lines, loose);
    let mut output = Output { content: Vec::with_capacity(content.len()), loose };
    let ending: &[u8] =
        if loose && content.windows(2).any(|two| two == b"\r\n") { b"\r\n" } else { b"\n" };
    let (mut from, mut shift, mut offsets) = (0, 0_isize, Vec::new());
    for (number, hunk) in (1..).zip(hunks) {
        let old: Vec<&Line<'_>> =
            hunk.lines.iter().filter(|line| is_old(line.sign, reverse)).collect();
        let mismatch = |what| Box::new(Mismatch::new(number, hunk, what, &old, &lines, from));
        if lines.len() > MAX_LINES {
            return Err(mismatch("the file has more than two million lines"));
        }
        let start = after_anchors(hunk, &lines, from).ok_or_else(|| mismatch(NO_ANCHOR))?;
        let said = hunk.start.map(|start| start.saturating_sub(usize::from(!old.is_empty())));
        let expected = said.map(|said| said.saturating_add_signed(shift));
        let place = if old.is_empty() {
            insertion(hunk, start, expected, lines.len()).ok_or_else(|| mismatch(NO_CONTEXT))?
        } else {
            let search = Search {
                file: &numbers.file,
                old: &old.iter().map(|line| numbers.of_line(line)).collect::<Vec<_>>(),
                from: start,
                expected,
                bare: if loose { [false; 2] } else { bare(hunk) },
                at_end: hunk.at_end,
            };
            search.find(comparisons).map_err(mismatch)?
        };
        if let Some((said, expected)) = said.zip(expected) {
            if place != expected {
                offsets.push((number, place + 1, place.cast_signed() - said.cast_signed()));
            }
            shift = place.cast_signed() - said.cast_signed();
        }
        output.lines(lines.get(from..place).unwrap_or_default()).map_err(|()| mismatch(JOINED))?;
        let mut at = place;
        for line in &hunk.lines {
            let (is_old, is_new) = (is_old(line.sign, reverse), is_old(line.sign, !reverse));
            let own = lines.get(at).filter(|_| is_old);
            at += usize::from(is_old);
            if is_new {
                // a line that stays is the file's own
                let (text, newline) =
                    own.map_or((line.text, line.newline), |own| (own.text, own.newline));
                let ending = if own.is_some() || !loose { b"\n" } else { ending };
                let text = if own.is_none() && loose { without_cr(text) } else { text };
                output.line(text, newline, ending).map_err(|()| mismatch(JOINED))?;
            }
        }
        from = at;
    }
    let rest = lines.get(from..).unwrap_or_default();
    if let (Err(()), Some(last)) = (output.lines(rest), hunks.last()) {
        return Err(Box::new(Mismatch::new(hunks.len(), last, JOINED, &[], &lines, from)));
    }
    Ok(Edited { content: output.content, offsets })
}

fn is_old(sign: Sign, reverse: bool) -> bool {
    if reverse { sign.is_new() } else { sign.is_old() }
}

/// Whether the hunk lacks lines above the change, or below it.
fn bare(hunk: &Hunk<'_>) -> [bool; 2] {
    let is_change = |line: Option<&Line<'_>>| line.is_some_and(|line| line.sign != Sign::Context);
    [is_change(hunk.lines.first()), is_change(hunk.lines.last())]
}

/// Where a hunk without old lines goes: into an empty file, behind its anchor, or to the end.
fn insertion(
    hunk: &Hunk<'_>,
    start: usize,
    expected: Option<usize>,
    lines: usize,
) -> Option<usize> {
    match expected {
        Some(_) => (lines == 0).then_some(0),
        None if hunk.anchors.is_empty() => Some(lines),
        None => Some(start),
    }
}

/// Behind the last of the lines that the hunk names, each of which comes after the one before.
fn after_anchors(hunk: &Hunk<'_>, lines: &[TextLine<'_>], from: usize) -> Option<usize> {
    hunk.anchors.iter().try_fold(from, |from, anchor| {
        let mut rest = lines.iter().enumerate().skip(from);
        rest.find(|(_, line)| line.text.trim_ascii() == *anchor).map(|(index, _)| index + 1)
    })
}

/// Its lines; the last may lack a newline.
pub(super) fn text_lines(content: &[u8]) -> Vec<TextLine<'_>> {
    let lines = content.split_inclusive(|byte| *byte == b'\n').take(MAX_LINES + 1);
    lines
        .map(|line| match line.strip_suffix(b"\n") {
            Some(text) => TextLine { text, newline: true },
            None => TextLine { text: line, newline: false },
        })
        .collect()
}

fn without_cr(text: &[u8]) -> &[u8] {
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// Equal lines have equal numbers.
struct Numbers<'c> {
    known: HashMap<(&'c [u8], bool), u32>,
    file: Vec<u32>,
    loose: bool,
}

impl<'c> Numbers<'c> {
    fn of(lines: &[TextLine<'c>], loose: bool) -> Self {
        let mut known = HashMap::new();
        let file = lines.iter().map(|line| {
            let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
            *known.entry(key(line.text, line.newline, loose)).or_insert(next)
        });
        let file = file.collect();
        Self { known, file, loose }
    }

    fn of_line(&self, line: &Line<'_>) -> Option<u32> {
        self.known.get(&key(line.text, line.newline, self.loose)).copied()
    }
}

fn key(text: &[u8], newline: bool, loose: bool) -> (&[u8], bool) {
    if loose { (without_cr(text), true) } else { (text, newline) }
}

struct Output {
    content: Vec<u8>,
    loose: bool,
}

impl Output {
    fn lines(&mut self, lines: &[TextLine<'_>]) -> Result<(), ()> {
        lines.iter().try_for_each(|line| self.line(line.text, line.newline, b"\n"))
    }

    /// Fails behind a line without a newline.
    fn line(&mut self, text: &[u8], newline: bool, ending: &[u8]) -> Result<(), ()> {
        if !self.content.is_empty() && !self.content.ends_with(b"\n") {
            if !self.loose {
                return Err(());
            }
            self.content.push(b'\n');
        }
        self.content.extend_from_slice(text);
        if newline {
            self.content.extend_from_slice(ending);
        }
        Ok(())
    }
}
