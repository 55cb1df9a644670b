//! What was seeded, for the record and for the user.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// So many paths of one kind are named; the rest is only counted.
const MAX_NAMED: usize = 1000;

/// The result of seeding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeded {
    /// What the source was: `directory`, `tar_archive` or `project`.
    pub mode: &'static str,
    /// Files, directories and links.
    pub entry_count: u64,
    /// Bytes of content of all files together.
    pub bytes: u64,
    /// What a project's ignore rules left out. A directory that is ignored as a whole counts once, and
    /// so does another work tree of the same repository.
    pub ignored_count: u64,
    /// What was held back because of its name.
    pub withheld: Named,
    /// What was written to, or went away, while it was read: it may be of no single moment.
    pub changed_during_read: Named,
}

/// Paths relative to the source, the first thousand of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The first of them.
    pub paths: Vec<PathBuf>,
    /// How many there are.
    pub count: u64,
}

impl Named {
    pub(super) fn add(&mut self, path: &[u8]) {
        self.count += 1;
        if self.paths.len() < MAX_NAMED {
            let path = if path.is_empty() { b"." } else { path };
            self.paths.push(OsString::from_vec(path.to_vec()).into());
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}
