//! Writes a file of a workspace.

use super::Workspace;
use super::file_path::file_path;
use crate::error::{Error, Result};
use crate::guest::transfer;
use pyro_proto::request::Request;
use serde::Serialize;

/// The mode of a new file; one that exists keeps its own.
const NEW_FILE: u32 = 0o644;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileWritten {
    /// In which workspace.
    pub workspace_id: String,
    /// Which file.
    pub path: String,
    /// Of the whole file.
    pub size_bytes: u64,
    /// How many of them were written now.
    pub bytes_written: u64,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

impl Workspace {
    /// Replaces a file, or makes it, with the directories above it. Whoever reads it sees the old text or
    /// the new one; when this returns it is on the disk.
    ///
    /// # Errors
    /// If the path is a directory or a link, or the guest's disk is full.
    pub async fn file_write(&self, path: &str, text: &[u8]) -> Result<FileWritten> {
        let path = self.redacted(file_path(path).map_err(Error::from))?;
        let request = Request::WriteFile { path: path.clone(), mode: NEW_FILE };
        let mut content = text;
        let sent = transfer::send(self.shim.guest(request).await?, &mut content).await;
        let done = self.redacted(sent.map_err(Error::from))?;
        Ok(FileWritten {
            workspace_id: self.id().to_owned(),
            path: self.shown(&path),
            size_bytes: done.bytes,
            bytes_written: done.bytes,
            notices: self.notices().to_vec(),
        })
    }
}
