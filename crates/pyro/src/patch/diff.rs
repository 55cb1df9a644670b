//! The result: what changed, in the shape of the public contract's diff object.

use serde::Serialize;

/// What changed between two trees. Serializes as the public contract's diff object, the workspace's
/// own fields apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Whether anything did.
    pub changed: bool,
    /// How much.
    pub summary: DiffSummary,
    /// Every changed path, in the order they were added.
    pub entries: Vec<DiffEntry>,
    /// The unified diff.
    #[serde(flatten)]
    pub patch: Patch,
}

/// Counts of entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct DiffSummary {
    /// All of them.
    pub total: usize,
    /// Paths that were not there before.
    pub added: usize,
    /// Paths with other content, or another right to execute.
    pub modified: usize,
    /// Paths that are gone.
    pub deleted: usize,
    /// Paths that are another kind of thing now.
    pub type_changed: usize,
    /// Entries that the patch shows as text.
    pub text_patched: usize,
    /// All others: binary, too large, left out, or directories.
    pub non_text: usize,
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffEntry {
    /// Where, relative to the tree. A name that is not UTF-8 is quoted as git quotes it.
    pub path: String,
    /// What happened to it.
    pub status: Status,
    /// What it is now; for a deleted path, what it was.
    pub artifact_type: ArtifactType,
    /// Whether the patch shows the change as text.
    pub text_patch: bool,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is new.
    Added,
    /// It holds something else, or may be executed now, or no longer.
    Modified,
    /// It is gone.
    Deleted,
    /// It is another kind of thing.
    TypeChanged,
}

/// What kind of thing lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
}

/// One unified diff, whole files only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// What `git apply` accepts; empty where nothing is included.
    #[serde(rename = "patch")]
    pub text: String,
    /// Whether something is left out because the text would have become too long.
    #[serde(rename = "patch_truncated")]
    pub truncated: bool,
    /// How many changed paths it covers.
    #[serde(rename = "patch_included")]
    pub included: usize,
    /// Changed files and links that it does not cover: too large, no room left, or a name that git
    /// refuses. Written like [`DiffEntry::path`]. Where a directory became a file or a link, or the other
    /// way round, and only a part of that is left out, git does not take the rest.
    #[serde(rename = "patch_left_out")]
    pub left_out: Vec<String>,
}

impl DiffSummary {
    /// Counts one more.
    pub(super) fn count(&mut self, entry: &DiffEntry) {
        self.total += 1;
        match entry.status {
            Status::Added => self.added += 1,
            Status::Modified => self.modified += 1,
            Status::Deleted => self.deleted += 1,
            Status::TypeChanged => self.type_changed += 1,
        }
        if entry.text_patch {
            self.text_patched += 1;
        } else {
            self.non_text += 1;
        }
    }
}
