//! Why a text is no patch.

use crate::error::{Diagnose, Kind};

/// A patch that cannot be read. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the patch: {what}")]
pub struct PatchSyntax {
    /// Where, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: Syntax,
}

/// What is wrong with a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Syntax {
    /// It has no change.
    #[error("there is neither a unified diff nor `*** Begin Patch` in it")]
    NoPatch,
    /// It is too large.
    #[error("it is longer than {limit} bytes")]
    TooLarge {
        /// The most.
        limit: usize,
    },
    /// It has too many files.
    #[error("it changes more than {limit} files")]
    TooManyFiles {
        /// The most.
        limit: usize,
    },
    /// It has too many lines.
    #[error("its hunks have more than {limit} lines")]
    TooManyLines {
        /// The most.
        limit: usize,
    },
    /// A path that no patch may name.
    #[error("{path:?} cannot be patched: {why}")]
    Path {
        /// As the patch has it.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A header that cannot be.
    #[error("{0}")]
    Header(&'static str),
    /// The numbers of a hunk do not fit its lines.
    #[error(
        "the hunk's header counts {said_old} old and {said_new} new lines, but {old} and {new} follow"
    )]
    Counts {
        /// Old lines after the header.
        said_old: usize,
        /// New lines after the header.
        said_new: usize,
        /// Old lines that are there.
        old: usize,
        /// New lines that are there.
        new: usize,
    },
    /// A hunk that cannot be.
    #[error("{0}")]
    Hunk(&'static str),
    /// A binary content that cannot be.
    #[error("the binary content {0}")]
    Binary(&'static str),
}

impl Diagnose for PatchSyntax {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn code(&self) -> &'static str {
        match self.what {
            Syntax::Path { .. } => "patch_path_refused",
            Syntax::TooLarge { .. } | Syntax::TooManyFiles { .. } | Syntax::TooManyLines { .. } => {
                "patch_too_large" // The patch has more files, lines or bytes than are applied.
            }
            _ => "patch_syntax", // The patch cannot be read.
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![
            match self.what {
                Syntax::Path { .. } => {
                    "name files relative to /workspace, for example a/src/main.rs or src/main.rs"
                }
                Syntax::TooLarge { .. }
                | Syntax::TooManyFiles { .. }
                | Syntax::TooManyLines { .. } => "apply it in parts",
                Syntax::Counts { .. } => {
                    "correct the numbers between @@ and @@, or use the `*** Begin Patch` form, \
                     which has none"
                }
                Syntax::Binary(_) => "make the patch with `git diff --binary`",
                _ => {
                    "give a unified diff (`--- a/file`, `+++ b/file`, `@@ -1,3 +1,4 @@`) or \
                     `*** Begin Patch` … `*** End Patch`"
                }
            }
            .into(),
        ]
    }
}
