//! What changed between two trees, as one unified diff that `git apply` accepts: [`PatchWriter`] takes
//! the changed paths with their contents and gives a [`Diff`]. And the other way: [`PatchPlan`] takes a patch
//! that somebody has written and says what it makes of the files that are there. This room opens no file,
//! compares no trees, colours nothing and runs no `git`; the contents come from a guest, and nothing in them
//! makes it fail.
//!
//! The format is git's: `Documentation/diff-generate-patch.adoc` of git for the headers, its `apply.c` for
//! what is accepted, its `base85.c` and `diff.c` for binary contents.

mod apply;
mod base85;
mod binary;
mod blob;
mod diff;
mod name;
mod parse;
mod section;
mod side;
mod text;
mod writer;

pub use apply::{
    Applied, FileChange, Found, Leaf, Mismatch, NearLine, PatchPlan, Problem, Rejected, Why,
};
pub use diff::{ArtifactType, Diff, DiffEntry, DiffSummary, Patch, Status};
pub(crate) use name::is_dot_git;
pub use parse::{MAX_FILE, MAX_PATCH, PatchSyntax, Syntax};
pub use side::{Content, Mode, Side};
pub use writer::{Limits, PatchWriter};
