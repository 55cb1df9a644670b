//! Applies a patch to the files of a workspace: all of it, or nothing. The patch is read here, against what
//! the guest says is there; the guest then changes the files only if that is still so.

use super::{WORKSPACE_PATH, Workspace, WorkspaceError};
use crate::error::Result;
use crate::guest::{GuestError, files, transfer};
use crate::patch::{
    Applied, Diff, FileChange, Found, Leaf, Limits, MAX_FILE, Mode, PatchPlan, PatchWriter,
};
use pyro_proto::request::Request;
use pyro_proto::tree::{After, ApplyOutcome, Before, Entry, Kind, Rewrite};
use pyro_proto::{GuestPath, RefusalCode};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

/// The most bytes of all files together that one patch changes: all of them are held in memory.
const MAX_CONTENTS: usize = 256 << 20;

/// A patch that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatchApplied {
    /// In which workspace.
    pub workspace_id: String,
    /// What it changed, and that as one patch again.
    #[serde(flatten)]
    pub diff: Diff,
    /// The hunks that were found elsewhere than the patch says, in words.
    pub offsets: Vec<String>,
    /// What the user should know about the workspace.
    pub notices: Vec<String>,
}

impl Workspace {
    /// Applies a patch: a unified diff, with git's headers or without, or the `*** Begin Patch` form. When
    /// this returns, all of it is on the disk; after an error, and after an end at any moment, nothing of it
    /// is there.
    ///
    /// # Errors
    /// [`PatchSyntax`](crate::patch::PatchSyntax) if it cannot be read,
    /// [`Rejected`](crate::patch::Rejected) if it does not fit.
    pub async fn patch_apply(&self, patch: Vec<u8>) -> Result<PatchApplied> {
        let mut applied = self.redacted(self.apply(patch).await)?;
        // it is done: what is told of it loses its secrets
        let PatchApplied { diff: Diff { entries, patch, .. }, offsets, .. } = &mut applied;
        let told = entries.iter_mut().map(|entry| &mut entry.path);
        let told = told.chain(&mut patch.left_out).chain(offsets).chain([&mut patch.text]);
        told.for_each(|text| self.vault.redactor().cover(text));
        Ok(applied)
    }

    async fn apply(&self, patch: Vec<u8>) -> Result<PatchApplied> {
        let (patch, wanted) =
            blocking(move || wanted(&patch).map(|wanted| (patch, wanted))).await?;
        let mut looking = Looking { workspace: self, ways: HashMap::new(), bytes: 0 };
        let (mut tree, mut modes) = (BTreeMap::new(), HashMap::new());
        for path in wanted {
            let (found, mode) = looking.look(&path).await?;
            modes.insert(path.clone(), mode);
            tree.insert(path, found);
        }
        let (applied, diff) = blocking(move || applied(&patch, tree)).await?;
        self.rewrite(&applied.files, &modes).await?;
        Ok(PatchApplied {
            workspace_id: self.id().to_owned(),
            diff,
            offsets: applied.offsets,
            notices: self.notices().to_vec(),
        })
    }

    /// Lets the guest make the changes.
    async fn rewrite(&self, files: &[FileChange], modes: &HashMap<Vec<u8>, u32>) -> Result<()> {
        let changed: Vec<(Rewrite, &[u8])> = files
            .iter()
            .filter(|file| file.before != file.after)
            .map(|file| {
                let content = file.after.as_ref().map_or(&[][..], |leaf| &leaf.content);
                (rewrite(file, modes.get(&file.path).copied().unwrap_or(0o644)), content)
            })
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        match files::apply(self.shim.guest(Request::Apply).await?, &changed).await? {
            ApplyOutcome::Applied {} => Ok(()),
            ApplyOutcome::Differs { path } => {
                Err(WorkspaceError::PatchOvertaken { path: path.to_string() }.into())
            }
        }
    }
}

/// What the patch must know of.
fn wanted(patch: &[u8]) -> Result<Vec<Vec<u8>>> {
    let plan = PatchPlan::parse(patch)?;
    Ok(plan.paths().into_iter().map(<[u8]>::to_vec).collect())
}

/// What it makes of that, and the same as a diff.
fn applied(patch: &[u8], tree: BTreeMap<Vec<u8>, Found>) -> Result<(Applied, Diff)> {
    let applied = PatchPlan::parse(patch)?.apply(tree)?;
    let mut writer = PatchWriter::new(Limits::default());
    for FileChange { path, before, after } in &applied.files {
        writer.add(path, before.as_ref().map(Leaf::side), after.as_ref().map(Leaf::side));
    }
    Ok((applied, writer.finish()))
}

fn rewrite(file: &FileChange, old_mode: u32) -> Rewrite {
    let checksum = crc32c::crc32c;
    let before = file.before.as_ref().map(|leaf| Before {
        kind: kind(leaf),
        size: leaf.content.len() as u64,
        checksum: checksum(&leaf.content),
    });
    let after = file.after.as_ref().map(|leaf| After {
        kind: kind(leaf),
        size: leaf.content.len() as u64,
        mode: mode(leaf, old_mode),
    });
    Rewrite { path: GuestPath::new(file.path.clone()), before, after }
}

fn kind(leaf: &Leaf) -> Kind {
    if leaf.mode == Mode::Symlink { Kind::Symlink } else { Kind::File }
}

/// Whoever may read a file may execute it, or nobody may; the other bits stay.
fn mode(leaf: &Leaf, old: u32) -> u32 {
    match leaf.mode {
        Mode::Regular { executable: true } if old & 0o100 == 0 => old | ((old & 0o444) >> 2),
        Mode::Regular { executable: false } => old & !0o111,
        _ => old,
    }
}

/// Looks at paths of the workspace, and at each directory on the way once.
struct Looking<'w> {
    workspace: &'w Workspace,
    /// Directories on the way; what stands in one's place.
    ways: HashMap<Vec<u8>, Option<Found>>,
    /// Of all contents so far.
    bytes: usize,
}

impl Looking<'_> {
    /// What is at a path, and the permission bits of a file.
    async fn look(&mut self, path: &[u8]) -> Result<(Found, u32)> {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (end, _) in slashes {
            if let Some(found) = self.way(&path[..end]).await? {
                return Ok((found, 0o644));
            }
        }
        let Some(entry) = self.stat(path).await? else { return Ok((Found::Nothing, 0o644)) };
        let found = match entry.kind {
            Kind::Directory => Found::Directory,
            Kind::Other => Found::Other,
            Kind::Symlink => {
                let target = entry.link_target.map(|target| target.as_bytes().to_vec());
                self.leaf(Mode::Symlink, target.unwrap_or_default())?
            }
            Kind::File if entry.size > MAX_FILE as u64 => Found::TooLarge,
            Kind::File => match self.content(path).await? {
                Some(content) => {
                    let executable = entry.mode & 0o100 != 0;
                    self.leaf(Mode::Regular { executable }, content)?
                }
                None => Found::TooLarge,
            },
        };
        Ok((found, entry.mode))
    }

    fn leaf(&mut self, mode: Mode, content: Vec<u8>) -> Result<Found> {
        self.bytes += content.len();
        if self.bytes > MAX_CONTENTS {
            return Err(WorkspaceError::PatchTooLarge { limit: MAX_CONTENTS }.into());
        }
        Ok(Found::Leaf(Leaf { mode, content }))
    }

    /// What keeps a directory on the way from being one; nothing where it is one.
    async fn way(&mut self, path: &[u8]) -> Result<Option<Found>> {
        if let Some(known) = self.ways.get(path) {
            return Ok(known.clone());
        }
        let found = self.stat(path).await?.map_or(Some(Found::Nothing), |entry| {
            let is_link = entry.kind == Kind::Symlink;
            (entry.kind != Kind::Directory)
                .then(|| Found::Behind { obstacle: path.to_vec(), is_link })
        });
        self.ways.insert(path.to_vec(), found.clone());
        Ok(found)
    }

    async fn stat(&self, path: &[u8]) -> Result<Option<Entry>> {
        let request = Request::Stat { path: whole(path) };
        match files::stat(self.workspace.shim.guest(request).await?).await {
            Ok(entry) => Ok(Some(entry)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a file; none where there are too many by now.
    async fn content(&self, path: &[u8]) -> Result<Option<Vec<u8>>> {
        let length = Some(MAX_FILE as u64 + 1);
        let request = Request::ReadFile { path: whole(path), offset: 0, length };
        let (mut bytes, mut fits) = (Vec::new(), true);
        let take = |piece: &[u8]| {
            fits = bytes.len() + piece.len() <= MAX_FILE;
            if !fits {
                return ControlFlow::Break(());
            }
            bytes.extend_from_slice(piece);
            ControlFlow::Continue(())
        };
        transfer::read(self.workspace.shim.guest(request).await?, take).await?;
        Ok(fits.then_some(bytes))
    }
}

fn whole(path: &[u8]) -> GuestPath {
    GuestPath::new([WORKSPACE_PATH.as_bytes(), b"/", path].concat())
}

fn is_gone(error: &GuestError) -> bool {
    matches!(error, GuestError::Refused(refusal) if refusal.code == RefusalCode::NotFound)
}

/// Work that takes its time, beside whatever else this thread has to do.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    // it is never aborted, so all that can be wrong with it is a panic
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_to_execute_follows_the_right_to_read() {
        let leaf = |executable| Leaf { mode: Mode::Regular { executable }, content: Vec::new() };
        for (old, plain, executable) in [
            (0o644, 0o644, 0o755),
            (0o600, 0o600, 0o700),
            (0o755, 0o644, 0o755),
            (0o4750, 0o4640, 0o4750),
        ] {
            assert_eq!((mode(&leaf(false), old), mode(&leaf(true), old)), (plain, executable));
        }
    }
}
