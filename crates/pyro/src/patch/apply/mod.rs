//! A patch against the files that are there. [`PatchPlan`] says which paths it wants to know of, and what they
//! hold afterwards, or all that speaks against it. It reads no file and writes none.
//!
//! As with `git apply`, every file counts as it is before the patch, except where the patch itself comes back
//! to a path; a hunk may have moved, but each of its lines must be there as it stands.

mod delta;
mod edit;
mod files;
mod mismatch;
mod place;
mod problem;

pub use mismatch::{Mismatch, NearLine};
pub use problem::{Problem, Rejected, Why};

use super::parse::{self, PatchSyntax, Section, Verb};
use super::side::{Content, Mode, Side};
use std::collections::{BTreeMap, BTreeSet};

/// A patch that has been read.
#[derive(Debug, Clone)]
pub struct PatchPlan<'p> {
    sections: Vec<Section<'p>>,
}

/// What is at a path before the patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A directory.
    Directory,
    /// A file or a link.
    Leaf(Leaf),
    /// A file with more than [`MAX_FILE`](parse::MAX_FILE) bytes.
    TooLarge,
    /// A pipe, a socket or a device.
    Other,
    /// The way there leads through something that is no directory.
    Behind {
        /// The path of that.
        obstacle: Vec<u8>,
        /// Whether it is a symbolic link.
        is_link: bool,
    },
}

/// A file or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// A file's, or a link's.
    pub mode: Mode,
    /// Its bytes, or the link's target.
    pub content: Vec<u8>,
}

/// What a patch makes of a path. Before and after may be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Relative, `/` between its parts.
    pub path: Vec<u8>,
    /// What was there.
    pub before: Option<Leaf>,
    /// What is there then.
    pub after: Option<Leaf>,
}

/// What a patch makes of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Every path that the patch names, in the order of paths.
    pub files: Vec<FileChange>,
    /// The hunks that were found elsewhere than the patch says, in words.
    pub offsets: Vec<String>,
}

impl<'p> PatchPlan<'p> {
    /// Reads a patch.
    ///
    /// # Errors
    /// [`PatchSyntax`], with the line.
    pub fn parse(patch: &'p [u8]) -> Result<Self, PatchSyntax> {
        Ok(Self { sections: parse::parse(patch)? })
    }

    /// The paths whose content it must know.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<&[u8]> {
        self.sections.iter().flat_map(|section| [&section.old[..], &section.new[..]]).collect()
    }

    /// Whether it deletes what is at the path, or moves it away.
    #[must_use]
    pub fn removes(&self, path: &[u8]) -> bool {
        let removing = |section: &&Section<'_>| matches!(section.verb, Verb::Delete | Verb::Rename);
        self.sections.iter().filter(removing).any(|section| section.old == path)
    }

    /// What it makes of what is there; `tree` has every one of its [`paths`](Self::paths).
    ///
    /// # Errors
    /// [`Rejected`] with everything that speaks against it.
    pub fn apply(&self, tree: BTreeMap<Vec<u8>, Found>) -> Result<Applied, Rejected> {
        files::apply(&self.sections, tree)
    }
}

impl Leaf {
    /// As one side of a diff.
    #[must_use]
    pub fn side(&self) -> Side<'_> {
        Side { mode: self.mode, content: Content::Bytes(&self.content) }
    }
}

#[cfg(test)]
mod tests;
