//! What speaks against a patch.

use super::mismatch::Mismatch;
use crate::error::{Diagnose, Kind};
use std::fmt;

/// So many problems are told in full.
const TOLD: usize = 4;

/// A patch that does not fit. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Each with its path, in the order of the patch; never none.
    pub problems: Vec<Problem>,
    /// How many changes of files the patch has.
    pub changes: usize,
}

/// What is wrong with one change of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which file, readable.
    pub path: String,
    /// What is wrong.
    pub why: Why,
    /// Whether the file is already as the patch would have it.
    pub is_done: bool,
}

/// What can be wrong with a change of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Nothing is there.
    #[error("there is no such file")]
    Missing,
    /// Something is there.
    #[error("it exists already")]
    Exists,
    /// A directory is there.
    #[error("it is a directory")]
    Directory,
    /// A pipe, a socket or a device is there.
    #[error("it is neither a file nor a link")]
    Other,
    /// The file is too large.
    #[error("it has more than 16 MiB, the most that is patched")]
    TooLarge,
    /// The way there leads through a link.
    #[error("{0} is a symbolic link, and patches follow none")]
    Link(String),
    /// The way there leads through a file.
    #[error("{0} is not a directory")]
    NotDirectory(String),
    /// A binary patch is for another content.
    #[error("its content is another than the binary patch is for")]
    Content,
    /// The patch edits a link as if it were a file, or the other way round.
    #[error("the patch takes it for another kind of file")]
    Kind,
    /// Git's content cannot be made out of it.
    #[error("the binary patch is damaged")]
    Damaged,
    /// The lines of a hunk are not there.
    #[error("{0}")]
    Lines(Box<Mismatch>),
}

impl Rejected {
    /// Whether every file is already as the patch would have it.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.problems.len() == self.changes && self.problems.iter().all(|problem| problem.is_done)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_done() {
            return f.write_str("the patch is already applied: every file is as it would make it");
        }
        f.write_str("the patch does not fit, and nothing was changed")?;
        // what has to be corrected first
        let (done, open): (Vec<_>, Vec<_>) = self.problems.iter().partition(|p| p.is_done);
        for Problem { path, why, is_done } in open.iter().chain(&done).take(TOLD) {
            let done = if *is_done { " (this change is already there)" } else { "" };
            write!(f, "\n{path}: {why}{done}")?;
        }
        let more = self.problems.len().saturating_sub(TOLD);
        if more > 0 {
            write!(f, "\nand {more} more files")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejected {}

impl Diagnose for Rejected {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn code(&self) -> &'static str {
        match self.is_done() {
            true => "patch_already_applied", // Every file is already as the patch would make it.
            false => "patch_mismatch",       // The patch does not fit. Nothing was changed.
        }
    }

    fn hints(&self) -> Vec<String> {
        if self.is_done() {
            return vec!["go on without it; to take it back, reverse the patch".into()];
        }
        let mut hints = vec!["correct these places and apply the whole patch again".to_owned()];
        if self.problems.iter().any(|problem| problem.is_done) {
            hints.push("leave out what is already there".into());
        }
        hints
    }
}
