//! Finds the forms of all values in bytes that come in pieces. What decides where a match ends and how much
//! may already go on is the same for every division into pieces: the leftmost match counts, and of
//! those the longest.

use super::MIN_REDACTED;
use super::encodings::forms;
use super::value::Secret;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Up to so many bytes of forms are looked for by the fastest automaton, which takes about a KiB for each; more
/// of them by the smallest.
const FEW: usize = 2 << 10;

/// What finds secrets.
pub(super) struct Matcher {
    automaton: AhoCorasick,
    /// In their order, each once; the automaton names them by their place.
    forms: Vec<Vec<u8>>,
    /// The mark in place of each.
    marks: Vec<Vec<u8>>,
    longest: usize,
    /// Whether a form begins with this byte.
    begins: [bool; 256],
}

/// A secret that was found.
pub(super) struct Found<'m> {
    pub(super) range: Range<usize>,
    /// What is put in its place.
    pub(super) mark: &'m [u8],
}

impl Matcher {
    /// None where there is nothing to look for. The first of several secrets with one value counts.
    pub(super) fn new(secrets: &[Secret]) -> Option<Self> {
        let mut known = BTreeMap::new();
        for secret in secrets.iter().filter(|secret| secret.core().len() >= MIN_REDACTED) {
            for form in forms(secret.core()) {
                known.entry(form).or_insert_with(|| format!("[REDACTED:{}]", secret.name()));
            }
        }
        let (forms, marks): (Vec<_>, Vec<_>) =
            known.into_iter().map(|(form, mark)| (form, mark.into_bytes())).unzip();
        let bytes: usize = forms.iter().map(Vec::len).sum();
        let kind = if bytes <= FEW { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(kind))
            .build(&forms)
            .ok()?; // never: it has 2^31 states to give, and the sizes of secrets are bounded
        let longest = forms.iter().map(Vec::len).max()?;
        let mut begins = [false; 256];
        for first in forms.iter().filter_map(|form| form.first()) {
            begins[usize::from(*first)] = true;
        }
        Some(Self { automaton, forms, marks, longest, begins })
    }

    /// The first secret from `from` on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<Found<'_>> {
        let found = self.automaton.find(Input::new(bytes).range(from..))?;
        Some(Found { range: found.range(), mark: self.marks.get(found.pattern().as_usize())? })
    }

    /// Where the part begins that may be the beginning of a secret: the end of `bytes`, where none is. From
    /// `from` on.
    pub(super) fn pending(&self, bytes: &[u8], from: usize) -> usize {
        let first = from.max(bytes.len().saturating_sub(self.longest - 1));
        let may_be = |place: &usize| {
            let rest = bytes.get(*place..).unwrap_or_default();
            rest.first().is_some_and(|byte| self.begins[usize::from(*byte)])
                && self.begins_with(rest)
        };
        (first..bytes.len()).find(may_be).unwrap_or(bytes.len())
    }

    /// Whether a form begins so and goes on.
    fn begins_with(&self, beginning: &[u8]) -> bool {
        // those that begin so come together, and only the first can be all of one
        let place = self.forms.partition_point(|form| form.as_slice() < beginning);
        let candidates = self.forms.iter().skip(place).take(2);
        candidates
            .into_iter()
            .any(|form| form.len() > beginning.len() && form.starts_with(beginning))
    }

    /// How long the longest form is.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }
}

/// Without what it looks for.
impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matcher").field("forms", &self.forms.len()).finish_non_exhaustive()
    }
}
