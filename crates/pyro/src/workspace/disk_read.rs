//! Reads a text file of a stopped workspace, or a part of it, without starting it.

use super::WorkspaceError;
use super::file_read::{FileContent, MAX_BYTES};
use super::offline::{disk_path, offline};
use super::secrecy::Watch;
use super::text_part::TextPart;
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::secret::Disclosure;

/// Reads at most `max_bytes` from byte `offset` on of a file on the disk of the workspace with this id, name,
/// or beginning of either; at most [`MAX_BYTES`]. No link is followed.
///
/// # Errors
/// If there is no such workspace or file, the workspace runs, its guest has damaged the disk, or what is to
/// be read is not UTF-8 text or holds a secret.
pub async fn disk_read(
    config: &Config,
    wanted: &str,
    path: &str,
    (offset, max_bytes): (u64, u64),
    disclosure: Disclosure,
    observer: Observer<'_>,
) -> Result<FileContent> {
    let (below, path) = disk_path(path)?;
    let max_bytes = max_bytes.min(MAX_BYTES);
    let offline = offline(config, wanted, observer).await?;
    let mut watch = Watch::over(&offline.vault, disclosure);
    let margin = watch.surroundings(offset, 0);
    let read = offline.ask(config, move |disk| {
        let mut part = TextPart::of_bytes(offset, max_bytes);
        let size = disk.read(&below, offset, max_bytes, |piece| {
            let _ = part.take(piece); // no more comes than was asked for
        })?;
        let mut around = Vec::new();
        if margin.length > 0 {
            let length = margin.length + max_bytes;
            disk.read(&below, margin.from, length, |piece| around.extend_from_slice(piece))?;
        }
        Ok((part, size, around))
    });
    let (part, size_bytes, around) = read.await?;
    let (offset, content) = part
        .finish(size_bytes)
        .map_err(|offset| WorkspaceError::NotText { path: offline.shown(&path), offset })?;
    watch.look_around(&path, &watch.surroundings(offset, content.len()), &around);
    watch.verdict()?;
    let next = offset.saturating_add(content.len() as u64);
    let truncated = next < size_bytes;
    Ok(FileContent {
        workspace_id: offline.item.id().to_owned(),
        path: offline.shown(&path),
        size_bytes,
        max_bytes,
        offset,
        content,
        truncated,
        next_offset: truncated.then_some(next),
        notices: Vec::new(),
    })
}
