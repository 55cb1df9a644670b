//! Lists what is in a directory of a workspace.

use super::Workspace;
use super::file_path::file_path;
use crate::error::Result;
use crate::guest::{Bounds, files};
use crate::secret::Redactor;
use pyro_proto::GuestPath;
use pyro_proto::request::Request;
use pyro_proto::tree::Entry;
use serde::Serialize;

pub use pyro_proto::tree::Kind;

/// So many entries are listed at most.
pub const MAX_ENTRIES: u64 = 20_000;
/// And so many bytes of what the guest says about them.
const MAX_BYTES: usize = 16 << 20;

/// A directory's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileList {
    /// In which workspace.
    pub workspace_id: String,
    /// Which directory, or file.
    pub path: String,
    /// Whether what is in directories below is listed too.
    pub recursive: bool,
    /// In the order of their paths.
    pub entries: Vec<FileEntry>,
    /// Whether there are more than are listed.
    pub truncated: bool,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

/// A file, directory or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Absolute.
    pub path: String,
    /// What it is.
    pub artifact_type: Kind,
    /// Of a file.
    pub size_bytes: u64,
    /// Of a link.
    pub link_target: Option<String>,
}

impl Workspace {
    /// Lists a directory; a path that is a file lists itself. No link is followed.
    ///
    /// # Errors
    /// If there is no such directory.
    pub async fn file_list(&self, path: &str, recursive: bool) -> Result<FileList> {
        self.redacted(self.listed(path, recursive).await)
    }

    async fn listed(&self, path: &str, recursive: bool) -> Result<FileList> {
        let guest_path = file_path(path)?;
        let request = Request::List { path: guest_path.clone(), recursive, limit: MAX_ENTRIES };
        let bounds = Bounds { items: MAX_ENTRIES, bytes: MAX_BYTES };
        let listing = files::list(self.shim.guest(request).await?, bounds).await?;
        Ok(FileList {
            workspace_id: self.id().to_owned(),
            path: self.shown(&guest_path),
            recursive,
            entries: FileEntry::all(listing.entries, self.vault.redactor()),
            truncated: listing.truncated,
            notices: self.notices().to_vec(),
        })
    }
}

impl FileEntry {
    /// Entries as they are told: no name holds a secret.
    pub(super) fn all(entries: Vec<Entry>, redactor: &Redactor) -> Vec<Self> {
        let told = |path: &GuestPath| {
            let mut path = path.to_string();
            redactor.cover(&mut path);
            path
        };
        let entry = |entry: Entry| Self {
            path: told(&entry.path),
            artifact_type: entry.kind,
            size_bytes: entry.size,
            link_target: entry.link_target.as_ref().map(told),
        };
        entries.into_iter().map(entry).collect()
    }
}
