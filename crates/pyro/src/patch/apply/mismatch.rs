//! A hunk that is not found: what it expects, and what is most like that, so that whoever wrote it can
//! correct it in one step.

use super::super::parse::{Hunk, Line};
use super::edit::TextLine;
use std::collections::HashMap;
use std::fmt;

/// So many lines are shown of each.
const SHOWN: usize = 12;
/// So many characters of a line.
const WIDTH: usize = 160;
/// A line that is there more often says nothing about the place.
const FREQUENT: usize = 64;

/// A hunk that is not where it should be, nor anywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Which hunk of the file, from 1.
    pub hunk: usize,
    /// Where it begins in the patch.
    pub patch_line: usize,
    /// Where its first line is said to be, if it says so.
    pub start: Option<usize>,
    /// What is wrong in general.
    pub what: &'static str,
    /// The lines that it expects, from the one that is shown first.
    pub expected: Vec<String>,
    /// What is there, around the first line that is another.
    pub found: Vec<NearLine>,
    /// Why they may look the same.
    pub note: Option<&'static str>,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearLine {
    /// Its number, from 1.
    pub number: usize,
    /// Its text, cut where it is long.
    pub text: String,
    /// Whether the hunk expects another one here.
    pub differs: bool,
}

pub(super) const NOT_FOUND: &str = "the lines are not in the file";
pub(super) const AMBIGUOUS: &str = "its lines are in the file more than once, and it has too few lines around the change to tell where";
pub(super) const NO_CONTEXT: &str =
    "it only adds lines, and has none around them that say where (make it with `diff -U3`)";
pub(super) const NO_ANCHOR: &str = "no line behind the hunk before is the one after @@";
pub(super) const JOINED: &str =
    "it ends in a line without a newline, and the file goes on behind that";
pub(super) const TOO_LONG: &str = "looking for its lines takes too long";

impl Mismatch {
    /// What is to be said of a hunk whose old lines are `old`, where the file has `lines`; `from` is the
    /// line behind the hunk before.
    pub(super) fn new(
        number: usize,
        hunk: &Hunk<'_>,
        what: &'static str,
        old: &[&Line<'_>],
        lines: &[TextLine<'_>],
        from: usize,
    ) -> Self {
        let expected_at = hunk.start.map_or(from, |start| start.saturating_sub(1));
        let near = nearest(old, lines, expected_at);
        let at = near.unwrap_or(expected_at).min(lines.len());
        let differs = |index: usize| {
            let line = lines.get(at + index);
            line.is_none_or(|line| old.get(index).is_none_or(|old| old.text != line.text))
        };
        let first = (0..old.len()).find(|index| differs(*index)).unwrap_or(0);
        // some lines before the first that differs, so that the place is recognised
        let skip = first.saturating_sub(SHOWN / 3);
        let shown = old.len().saturating_sub(skip).clamp(1, SHOWN);
        let found = lines.iter().enumerate().skip(at + skip).take(shown);
        Self {
            hunk: number,
            patch_line: hunk.line,
            start: hunk.start,
            what,
            expected: old.iter().skip(skip).take(shown).map(|line| quoted(line.text)).collect(),
            found: found
                .map(|(index, line)| NearLine {
                    number: index + 1,
                    text: quoted(line.text),
                    differs: differs(index - at),
                })
                .collect(),
            note: note(old, lines, at),
        }
    }
}

/// Where most of the lines would be in their places; of several such places the one that is nearest to
/// `expected`. None where no line is anywhere.
fn nearest(old: &[&Line<'_>], lines: &[TextLine<'_>], expected: usize) -> Option<usize> {
    let mut places: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for line in old.iter().filter(|line| !line.text.trim_ascii().is_empty()) {
        places.entry(line.text.trim_ascii()).or_default();
    }
    for (index, line) in lines.iter().enumerate() {
        if let Some(found) = places.get_mut(line.text.trim_ascii())
            && found.len() <= FREQUENT
        {
            found.push(index);
        }
    }
    let mut votes: HashMap<usize, usize> = HashMap::new();
    for (index, line) in old.iter().enumerate() {
        let found = places.get(line.text.trim_ascii()).filter(|found| found.len() <= FREQUENT);
        for place in found.into_iter().flatten().filter_map(|at| at.checked_sub(index)) {
            *votes.entry(place).or_default() += 1;
        }
    }
    let best = votes.into_iter().max_by_key(|(place, votes)| {
        (*votes, std::cmp::Reverse((place.abs_diff(expected), *place)))
    });
    best.map(|(place, _)| place)
}

/// Lines that look the same and are not.
fn note(old: &[&Line<'_>], lines: &[TextLine<'_>], at: usize) -> Option<&'static str> {
    let pairs = || old.iter().zip(lines.get(at..).unwrap_or_default());
    let without_cr = |text: &[u8]| text.strip_suffix(b"\r").unwrap_or(text).to_vec();
    if pairs().all(|(old, line)| old.text == line.text && old.newline == line.newline) {
        return None;
    }
    if pairs().all(|(old, line)| old.text == line.text) {
        return Some(
            "only the newline at the end of the file differs (`\\ No newline at end of file`)",
        );
    }
    if pairs().all(|(old, line)| without_cr(old.text) == without_cr(line.text)) {
        return Some("only the ends of the lines differ: LF and CR LF");
    }
    if pairs().all(|(old, line)| old.text.trim_ascii() == line.text.trim_ascii()) {
        return Some("only blanks at the beginnings or ends of lines differ");
    }
    None
}

/// A line for an error's text: cut, and without what would move a cursor.
fn quoted(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * WIDTH)]);
    let mut quoted = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == WIDTH {
            quoted.push('…');
            break;
        }
        match c {
            '\t' => quoted.push('\t'),
            c if c.is_control() => quoted.extend(c.escape_default()),
            c => quoted.push(c),
        }
    }
    quoted
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hunk {} (line {} of the patch): {}", self.hunk, self.patch_line, self.what)?;
        if !self.expected.is_empty() {
            match self.start {
                Some(start) => write!(f, "\n  expected, from line {start}:")?,
                None => write!(f, "\n  expected:")?,
            }
            for line in &self.expected {
                write!(f, "\n       | {line}")?;
            }
        }
        match self.found.first() {
            Some(_) => write!(f, "\n  found (> differs):")?,
            None => write!(f, "\n  found: the file has no more lines there")?,
        }
        for NearLine { number, text, differs } in &self.found {
            write!(f, "\n{}{number:>6}| {text}", if *differs { '>' } else { ' ' })?;
        }
        self.note.map_or(Ok(()), |note| write!(f, "\n  {note}"))
    }
}
