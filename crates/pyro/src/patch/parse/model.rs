//! What a patch says about each path.

/// One change of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::patch) struct Section<'p> {
    /// The line of the patch where it begins, from 1.
    pub(in crate::patch) line: usize,
    pub(in crate::patch) verb: Verb,
    /// What is changed; of a new file, its path.
    pub(in crate::patch) old: Vec<u8>,
    /// Where it is then; of a deleted file, where it was.
    pub(in crate::patch) new: Vec<u8>,
    /// What it is then; none: as before, or an ordinary file.
    pub(in crate::patch) mode: Option<NewMode>,
    pub(in crate::patch) edit: Edit<'p>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::patch) enum Verb {
    Create,
    Delete,
    Modify,
    Rename,
    Copy,
}

/// The modes of git's trees that a patch can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::patch) enum NewMode {
    Plain,
    Executable,
    Link,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::patch) enum Edit<'p> {
    /// The content stays.
    None,
    /// It is edited; what a new file holds are hunks too.
    Hunks(Vec<Hunk<'p>>),
    /// It is made from the old one, whose name and that of the result are git's.
    Binary { delta: Delta, old_id: Vec<u8>, new_id: Vec<u8> },
    /// Whatever it held is deleted.
    All,
}

/// How a binary content is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::patch) enum Delta {
    /// Whole.
    Literal(Vec<u8>),
    /// As git's packs have it: copies out of the old one and insertions.
    Instructions(Vec<u8>),
}

/// Some lines, and what takes their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::patch) struct Hunk<'p> {
    /// The line of the patch where it begins, from 1.
    pub(in crate::patch) line: usize,
    /// Where its first line is said to be, from 1; 0 for before the first. None in the `***` form.
    pub(in crate::patch) start: Option<usize>,
    /// Lines that come somewhere before it, one after the other; only in the `***` form.
    pub(in crate::patch) anchors: Vec<&'p [u8]>,
    /// Whether it is said to reach to the end of the file.
    pub(in crate::patch) at_end: bool,
    pub(in crate::patch) lines: Vec<Line<'p>>,
}

/// One line of a hunk, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::patch) struct Line<'p> {
    pub(in crate::patch) sign: Sign,
    /// Whether there is a newline behind it.
    pub(in crate::patch) newline: bool,
    pub(in crate::patch) text: &'p [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::patch) enum Sign {
    Context,
    Removed,
    Added,
}

impl Sign {
    /// Whether such a line is there before the change.
    pub(in crate::patch) fn is_old(self) -> bool {
        self != Self::Added
    }

    /// Whether it is there afterwards.
    pub(in crate::patch) fn is_new(self) -> bool {
        self != Self::Removed
    }
}

/// How many lines of hunks may still come: each costs some thirty bytes, however short it is.
#[derive(Debug)]
pub(super) struct Allowance(usize);

impl Allowance {
    /// The most lines of all hunks together.
    pub(super) const LINES: usize = 4 << 20;

    /// Counts one line; false if it is one too many.
    pub(super) fn take(&mut self) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

impl Default for Allowance {
    fn default() -> Self {
        Self(Self::LINES)
    }
}
