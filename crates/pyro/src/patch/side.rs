//! One side of a change: what was, or is, at a path.

use super::ArtifactType;

/// What a path was before a change, or is after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side<'a> {
    /// What kind of thing.
    pub mode: Mode,
    /// What it holds.
    pub content: Content<'a>,
}

/// The kinds of things that a tree of git's can hold, and directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A file.
    Regular {
        /// Whether its owner may execute it: all that git keeps of the permissions.
        executable: bool,
    },
    /// A symbolic link; its content is the target.
    Symlink,
    /// A directory. It has no place in a patch, only among the entries.
    Directory,
}

/// What something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// Its bytes; empty for a directory.
    Bytes(&'a [u8]),
    /// More than the caller wanted to read: the change is listed, and left out of the patch.
    TooLarge,
}

impl<'a> Side<'a> {
    /// A file with these permission bits, of which only the owner's right to execute counts.
    #[must_use]
    pub fn file(permissions: u32, content: Content<'a>) -> Self {
        Self { mode: Mode::Regular { executable: permissions & 0o100 != 0 }, content }
    }

    /// A symbolic link to `target`.
    #[must_use]
    pub fn symlink(target: &'a [u8]) -> Self {
        Self { mode: Mode::Symlink, content: Content::Bytes(target) }
    }

    /// A directory.
    #[must_use]
    pub fn directory() -> Self {
        Self { mode: Mode::Directory, content: Content::Bytes(&[]) }
    }
}

impl Mode {
    /// As `entries` call it.
    pub(super) fn artifact_type(self) -> ArtifactType {
        match self {
            Self::Regular { .. } => ArtifactType::File,
            Self::Symlink => ArtifactType::Symlink,
            Self::Directory => ArtifactType::Directory,
        }
    }

    /// The mode as git writes it; `None` for what git does not track.
    pub(super) fn digits(self) -> Option<&'static str> {
        match self {
            Self::Regular { executable: false } => Some("100644"),
            Self::Regular { executable: true } => Some("100755"),
            Self::Symlink => Some("120000"),
            Self::Directory => None,
        }
    }
}
