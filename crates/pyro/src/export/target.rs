//! Where an export goes.

use super::ExportError;
use super::admission::refusal;
use super::inspection::Inspection;
use crate::error::AtPath;
use crate::hostfs::{Directory, HostRoots};
use crate::secret::Redactor;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

/// A name in an open directory.
#[derive(Debug)]
pub struct ExportTarget {
    pub(super) parent: Directory,
    pub(super) name: OsString,
    /// The same for people.
    pub(super) path: PathBuf,
    /// What must not be in it.
    pub(super) inspection: Inspection,
}

impl ExportTarget {
    /// What a human has typed: the directory must be there, and is looked up once.
    ///
    /// # Errors
    /// [`ExportError`] if there is no such directory, or the path has no last name.
    pub fn of(path: &Path) -> Result<Self, ExportError> {
        let Some(name) = path.file_name() else {
            let why = "it has no name of its own";
            return Err(ExportError::BadOutput { path: path.to_owned(), why });
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let directory = Directory::open(parent).at("open", parent)?;
        let whole = parent.canonicalize().at("resolve", parent)?;
        let (name, path) = (name.to_owned(), whole.join(name));
        Ok(Self { parent: directory, name, path, inspection: Inspection::default() })
    }

    /// What a model names: below a directory that the human has opened, and nothing that a program would take
    /// for its settings. Directories on the way are made.
    ///
    /// # Errors
    /// [`ExportError::HostPath`].
    pub fn beneath(roots: &HostRoots, path: &Path) -> Result<Self, ExportError> {
        let (parent, name, path) = roots.resolve_new(path, refusal)?;
        Ok(Self { parent, name, path, inspection: Inspection::default() })
    }

    /// The same, which takes nothing that holds a secret; `source` is what is exported, for messages.
    #[must_use]
    pub fn refusing(self, secrets: Redactor, source: &str) -> Self {
        Self { inspection: Inspection::new(secrets, source), ..self }
    }

    /// The directory that the export goes to.
    pub(crate) fn directory(&self) -> BorrowedFd<'_> {
        self.parent.as_fd()
    }

    /// What it is to be called in that.
    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    /// The final name, for people.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
