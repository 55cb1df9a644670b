//! Brings a file or a directory of a workspace to the host.

use super::file_path::file_path;
use super::{Workspace, WorkspaceError};
use crate::error::Result;
use crate::event::{Event, Observer, Unit};
use crate::export::{ExportLimits, ExportTarget, Receiving, Shape};
use crate::guest::{files, transfer};
use bytes::Bytes;
use pyro_proto::request::Request;
use pyro_proto::tree::Kind;
use serde::Serialize;
use std::time::Instant;

/// What events call it.
const WHAT: &str = "exporting";
/// The observer hears of progress once per this many bytes.
const PROGRESS_STEP: u64 = 4 << 20;

/// Where to, and how much at most.
#[derive(Debug)]
pub struct Export {
    /// The name on the host that it is to have.
    pub target: ExportTarget,
    /// Whether what has that name is replaced.
    pub overwrite: bool,
    /// What it may be at most.
    pub limits: ExportLimits,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkspaceExport {
    /// From which workspace.
    pub workspace_id: String,
    /// What of it.
    pub workspace_path: String,
    /// Where it is on the host.
    pub output_path: String,
    /// `file` or `directory`.
    pub artifact_type: String,
    /// Files, directories and links; of a directory, without itself.
    pub entry_count: u64,
    /// Bytes of content.
    pub bytes_written: u64,
    /// How the agent is reached.
    pub execution_mode: String,
    /// Links that would lead out of what was exported, and were left out; a hundred of them at most.
    pub links_left_out: Vec<String>,
    /// How many there are.
    pub links_left_out_count: u64,
    /// Whether a `.git` was left out.
    pub git_left_out: bool,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

impl Workspace {
    /// Copies a file or a directory to a new name on the host: whole, or not at all. What the copy is like
    /// says [`export`](crate::export).
    ///
    /// # Errors
    /// [`ExportError`](crate::export::ExportError), or what is wrong with the path. Nothing is then under
    /// the name that was not there before.
    pub async fn export(
        &self,
        path: &str,
        export: Export,
        observer: Observer<'_>,
    ) -> Result<WorkspaceExport> {
        self.redacted(self.export_tree(path, export, observer).await)
    }

    async fn export_tree(
        &self,
        path: &str,
        export: Export,
        observer: Observer<'_>,
    ) -> Result<WorkspaceExport> {
        let guest_path = file_path(path)?;
        let path = guest_path.to_string();
        let refuse = |why| WorkspaceError::BadPath { path: path.clone(), why };
        if guest_path.as_bytes().split(|byte| *byte == b'/').any(|part| part == b".git") {
            return Err(
                refuse("a repository's own files are not exported; `git bundle` packs it").into()
            );
        }
        let stat = Request::Stat { path: guest_path.clone() };
        let (shape, artifact_type) = match files::stat(self.shim.guest(stat).await?).await?.kind {
            Kind::File => (Shape::File, "file"),
            Kind::Directory => (Shape::Directory, "directory"),
            Kind::Symlink => {
                return Err(refuse("it is a symbolic link; name what it leads to").into());
            }
            Kind::Other => return Err(refuse("it is neither a file nor a directory").into()),
        };
        let output_path = export.target.path().display().to_string();
        let started = Instant::now();
        let target = export.target.refusing(self.watch().redactor().clone(), &path);
        let receiving = Receiving::begin(target, shape, export.overwrite, export.limits)?;
        observer(Event::Started { what: WHAT.into() });
        let mut progress = Progress { observer, bytes: 0, next: PROGRESS_STEP };
        let request = Request::ReadTree { path: guest_path, without_git: true };
        let stream = self.shim.guest(request).await?;
        let take = |piece: Bytes| {
            progress.advance(piece.len() as u64);
            receiving.take(piece)
        };
        transfer::hand_on(stream, take).await?;
        let exported = receiving.complete().await?;
        observer(Event::Finished { what: WHAT.into(), took: started.elapsed() });
        Ok(WorkspaceExport {
            workspace_id: self.id().to_owned(),
            workspace_path: self.shown(&path),
            output_path,
            artifact_type: artifact_type.to_owned(),
            entry_count: exported.entries,
            bytes_written: exported.bytes,
            execution_mode: self.facts().execution_mode.clone(),
            links_left_out: exported.links_left_out,
            links_left_out_count: exported.links_left_out_count,
            git_left_out: exported.git_left_out,
            notices: self.notices().to_vec(),
        })
    }
}

struct Progress<'o> {
    observer: Observer<'o>,
    bytes: u64,
    next: u64,
}

impl Progress<'_> {
    fn advance(&mut self, bytes: u64) {
        self.bytes += bytes;
        if self.bytes >= self.next {
            self.next = self.bytes + PROGRESS_STEP;
            let (what, done) = (WHAT.into(), self.bytes);
            (self.observer)(Event::Advanced { what, done, total: None, unit: Unit::Bytes });
        }
    }
}
