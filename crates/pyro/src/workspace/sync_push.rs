//! Brings more files from the host into a workspace.

use super::Workspace;
use super::file_path::file_path;
use super::seeding::{Seed, send};
use crate::error::Result;
use crate::event::Observer;
use serde::Serialize;

/// What was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncPushed {
    /// Into which workspace.
    pub workspace_id: String,
    /// How the agent is reached.
    pub execution_mode: String,
    /// What was done.
    pub workspace_sync: Sync,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

/// A push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sync {
    /// `directory`, `tar_archive` or `project`.
    pub mode: String,
    /// Where it was read.
    pub source_path: Option<String>,
    /// Where it went in the guest.
    pub destination: String,
    /// Files, directories and links.
    pub entry_count: u64,
    /// Bytes of content.
    pub bytes_written: u64,
    /// Files that look like credentials and that Git does not track, which were left out.
    pub withheld: Vec<String>,
}

impl Workspace {
    /// Puts a directory or an archive into a directory of the workspace, over what is there. Each file is
    /// replaced in one step; files that the source does not have stay. When this returns, all is on the
    /// disk.
    ///
    /// # Errors
    /// If the source is refused, or the guest's disk is full: then some files may have been replaced.
    pub async fn sync_push(
        &self,
        source: Seed,
        destination: &str,
        observer: Observer<'_>,
    ) -> Result<SyncPushed> {
        let destination = file_path(destination)?;
        let pushed = self.redacted(send(&self.shim, source, destination, true, observer).await)?;
        Ok(SyncPushed {
            workspace_id: self.id().to_owned(),
            execution_mode: self.facts().execution_mode.clone(),
            workspace_sync: Sync {
                mode: pushed.mode,
                source_path: pushed.path,
                destination: self.shown(&pushed.destination),
                entry_count: pushed.entry_count,
                bytes_written: pushed.bytes_written,
                withheld: pushed.withheld,
            },
            notices: self.notices().to_vec(),
        })
    }
}
