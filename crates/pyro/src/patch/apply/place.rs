//! Where the lines of a hunk are in a file.

use super::mismatch::{AMBIGUOUS, NOT_FOUND, TOO_LONG};

/// So many lines are compared for one patch at most: a fraction of a second's work.
pub(super) const MOST_COMPARISONS: u64 = 1 << 27;

/// What is looked for. Lines are numbers: equal lines have equal ones.
#[derive(Debug)]
pub(super) struct Search<'a> {
    /// The file.
    pub(super) file: &'a [u32],
    /// The old lines of the hunk; none for one that the file does not have.
    pub(super) old: &'a [Option<u32>],
    /// Behind the hunk before.
    pub(super) from: usize,
    /// Where the patch says; nowhere in particular in the `***` form.
    pub(super) expected: Option<usize>,
    /// Whether it has no lines above the change, or none below: then it may be at the beginning or at the
    /// end of the file, or where its lines are once (`match_beginning` and `match_end` of git's `apply.c`,
    /// which knows only the former).
    pub(super) bare: [bool; 2],
    /// Whether it must reach to the end of the file.
    pub(super) at_end: bool,
}

impl Search<'_> {
    /// Where its first line is.
    pub(super) fn find(&self, comparisons: &mut u64) -> Result<usize, &'static str> {
        let Some(last) =
            self.file.len().checked_sub(self.old.len()).filter(|last| *last >= self.from)
        else {
            return Err(NOT_FOUND);
        };
        if self.old.iter().any(Option::is_none) {
            return Err(NOT_FOUND);
        }
        if self.at_end {
            return self.matches(last, comparisons)?.then_some(last).ok_or(NOT_FOUND);
        }
        if let Some(expected) = self.expected.filter(|at| (self.from..=last).contains(at))
            && self.matches(expected, comparisons)?
        {
            return Ok(expected);
        }
        let bound = [self.bare[0].then_some(0), self.bare[1].then_some(last)];
        for place in bound.into_iter().flatten().filter(|place| *place >= self.from) {
            if self.matches(place, comparisons)? {
                return Ok(place);
            }
        }
        let mut found: Option<usize> = None;
        for place in self.from..=last {
            if !self.matches(place, comparisons)? {
                continue;
            }
            match (found, self.expected) {
                (None, _) => found = Some(place),
                (Some(_), _) if self.bare.contains(&true) => return Err(AMBIGUOUS),
                // the `***` form means the first
                (Some(_), None) => break,
                (Some(other), Some(expected)) => {
                    if place.abs_diff(expected) < other.abs_diff(expected) {
                        found = Some(place);
                    } else {
                        break;
                    }
                }
            }
        }
        found.ok_or(NOT_FOUND)
    }

    fn matches(&self, place: usize, comparisons: &mut u64) -> Result<bool, &'static str> {
        let window = self.file.get(place..place + self.old.len()).unwrap_or_default();
        let mut compared = 0;
        let same = window.iter().zip(self.old).all(|(line, old)| {
            compared += 1;
            Some(*line) == *old
        });
        *comparisons = comparisons.checked_sub(compared).ok_or(TOO_LONG)?;
        Ok(same)
    }
}
