//! What has changed in a workspace since its baseline. The guest says which paths may have; the baseline
//! on the host and the live bytes say what did. Work in proportion to the changes, not to the files.

use super::Workspace;
use super::baseline;
use super::secrecy::Watch;
use crate::disk::{DiskView, NodeKind, ViewError};
use crate::error::Result;
use crate::guest::{Bounds, GuestError, transfer, tree};
use crate::patch::{Content, Diff, Limits, PatchWriter, Side};
use crate::shim::Client;
use pyro_proto::request::Request;
use pyro_proto::tree::{Change, Facts, Kind};
use pyro_proto::{GuestPath, RefusalCode};
use serde::Serialize;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::PathBuf;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// So many changed paths are told at most.
pub const MAX_CHANGES: u64 = 50_000;
/// And so many bytes of what the guest says about them.
const BOUNDS: Bounds = Bounds { items: MAX_CHANGES, bytes: 32 << 20 };
/// Changes that wait for the comparison.
const WAITING: usize = 4;
/// Files that are read at the same time.
const AHEAD: usize = 8;

/// What has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkspaceDiff {
    /// In which workspace.
    pub workspace_id: String,
    /// The paths and the patch.
    #[serde(flatten)]
    pub diff: Diff,
    /// Whether there are more changed paths than are told.
    pub entries_truncated: bool,
    /// Whether commits, branches or the configuration of a Git repository changed. What is below `.git`
    /// is never told otherwise.
    pub git_metadata_changed: bool,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

/// What is at a path now.
#[derive(Debug)]
enum Live {
    Nothing,
    Directory,
    Link(Vec<u8>),
    /// Its bytes, unless they are more than a side may have.
    File(u32, Option<Vec<u8>>),
}

impl Workspace {
    /// Compares the workspace with its baseline.
    ///
    /// # Errors
    /// If the guest has lost or altered its list of the baseline's files, or a changed file holds a secret,
    /// now or in the baseline.
    pub async fn diff(&self, limits: Limits) -> Result<WorkspaceDiff> {
        self.redacted(self.changes(limits).await)
    }

    async fn changes(&self, limits: Limits) -> Result<WorkspaceDiff> {
        let checksum = self.record.made.as_ref().and_then(|m| m.baseline.manifest_checksum.clone());
        let disk = checksum.is_some().then(|| baseline::path(self.item.path()));
        let request = Request::Changes { checksum, limit: MAX_CHANGES };
        let found = tree::changes(self.shim.guest(request).await?, BOUNDS).await?;
        let (pass, changes) = mpsc::channel(WAITING);
        let watch = self.watch();
        let comparing = tokio::task::spawn_blocking(move || compare(disk, changes, limits, watch));
        let read = self.pass_on(found.changes, limits.max_side_bytes, pass).await;
        // it is never aborted, so all that can be wrong with it is a panic
        let compared =
            comparing.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
        read?;
        Ok(WorkspaceDiff {
            workspace_id: self.id().to_owned(),
            diff: compared?,
            entries_truncated: found.truncated,
            git_metadata_changed: found.git_metadata_changed,
            notices: self.notices().to_vec(),
        })
    }

    /// Reads what is at each changed path now, a few ahead of the comparison.
    async fn pass_on(
        &self,
        changes: Vec<Change>,
        max: usize,
        pass: mpsc::Sender<(GuestPath, Live)>,
    ) -> Result<()> {
        let mut changes = changes.into_iter();
        let mut ahead = VecDeque::new();
        loop {
            for change in changes.by_ref().take(AHEAD - ahead.len()) {
                let shim = self.shim.clone();
                ahead.push_back(AbortOnDrop(tokio::spawn(async move {
                    live(&shim, &change, max).await.map(|live| (change.path, live))
                })));
            }
            let Some(next) = ahead.pop_front() else { return Ok(()) };
            // its comparison may have failed, which says more
            if pass.send(next.value().await?).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Work that nobody wants any more when this is dropped.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn value(mut self) -> T {
        let value = (&mut self.0).await;
        // it is not aborted before it is dropped, so all that can be wrong with it is a panic
        value.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is at a changed path; nothing where it is gone since the guest looked.
async fn live(shim: &Client, change: &Change, max: usize) -> Result<Live> {
    Ok(match &change.after {
        None => Live::Nothing,
        Some(Facts { kind: Kind::Directory, .. }) => Live::Directory,
        Some(Facts { kind: Kind::Symlink, link_target: Some(target), .. }) => {
            Live::Link(target.as_bytes().to_vec())
        }
        Some(Facts { kind: Kind::File, mode, size, .. }) if *size > max as u64 => {
            Live::File(*mode, None)
        }
        Some(Facts { kind: Kind::File, mode, .. }) => match bytes(shim, change, max).await {
            Ok(bytes) => Live::File(*mode, bytes),
            Err(GuestError::Refused(refusal)) if refusal.code == RefusalCode::NotFound => {
                Live::Nothing
            }
            Err(error) => return Err(error.into()),
        },
        // pipes, sockets and devices have no place in a diff
        Some(_) => Live::Nothing,
    })
}

/// The bytes of a file, none if there are more than `max`.
async fn bytes(shim: &Client, change: &Change, max: usize) -> Result<Option<Vec<u8>>, GuestError> {
    let path = GuestPath::new([b"/workspace/", change.path.as_bytes()].concat());
    let length = Some(max as u64 + 1);
    let request = Request::ReadFile { path, offset: 0, length };
    let stream = shim.guest(request).await.map_err(|e| GuestError::Gone(e.to_string()))?;
    let mut bytes = Vec::new();
    let mut fits = true;
    transfer::read(stream, |piece| {
        fits = bytes.len() + piece.len() <= max;
        if fits {
            bytes.extend_from_slice(piece);
            return ControlFlow::Continue(());
        }
        ControlFlow::Break(())
    })
    .await?;
    Ok(fits.then_some(bytes))
}

/// Compares what comes with the baseline; nothing but the patch is kept.
fn compare(
    disk: Option<PathBuf>,
    mut changes: mpsc::Receiver<(GuestPath, Live)>,
    limits: Limits,
    mut watch: Watch,
) -> Result<Diff> {
    let baseline = disk.map(|disk| DiskView::open(&disk)).transpose()?;
    let mut writer = PatchWriter::new(limits);
    while let Some((path, live)) = changes.blocking_recv() {
        let before = match &baseline {
            Some(baseline) => before(baseline, &path, limits.max_side_bytes)?,
            None => Live::Nothing,
        };
        let shown = path.to_string();
        watch.look(&shown, &[path.as_bytes(), before.bytes(), live.bytes()]);
        writer.add(path.as_bytes(), before.side(), live.side());
    }
    watch.verdict()?;
    Ok(writer.finish())
}

/// What the baseline has at a path.
fn before(baseline: &DiskView, path: &GuestPath, max: usize) -> Result<Live, ViewError> {
    let path = path.as_bytes();
    let known = match baseline.metadata(path) {
        Err(ViewError::NotFound { .. }) => return Ok(Live::Nothing),
        known => known?,
    };
    Ok(match known.kind {
        NodeKind::Directory => Live::Directory,
        NodeKind::Symlink => Live::Link(baseline.link_target(path)?),
        NodeKind::File if known.size > max as u64 => Live::File(known.mode, None),
        NodeKind::File => Live::File(known.mode, Some(baseline.read(path, max as u64)?.bytes)),
        NodeKind::Other => Live::Nothing,
    })
}

impl Live {
    /// What of it a patch may show.
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Link(bytes) | Self::File(_, Some(bytes)) => bytes,
            Self::Nothing | Self::Directory | Self::File(_, None) => &[],
        }
    }

    fn side(&self) -> Option<Side<'_>> {
        Some(match self {
            Self::Nothing => return None,
            Self::Directory => Side::directory(),
            Self::Link(target) => Side::symlink(target),
            Self::File(mode, Some(bytes)) => Side::file(*mode, Content::Bytes(bytes)),
            Self::File(mode, None) => Side::file(*mode, Content::TooLarge),
        })
    }
}
