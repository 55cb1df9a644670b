//! Exports the whole disk of a stopped workspace as a file of the host: a raw ext4 image, holes included.

use super::disk_of;
use super::offline::offline;
use super::secrecy::Watch;
use crate::config::Config;
use crate::disk;
use crate::error::{AtPath, Result};
use crate::event::Observer;
use crate::export::ExportTarget;
use crate::secret::{Disclosure, SecretError};
use rustix::fs::{AtFlags, statat};
use serde::Serialize;
use std::fs::File;
use std::path::PathBuf;

/// What `st_blocks` counts in, inode(7).
const SECTOR: u64 = 512;

/// An exported disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiskExport {
    /// Of which workspace.
    pub workspace_id: String,
    /// The image.
    pub output_path: PathBuf,
    /// `ext4`, without a partition table.
    pub disk_format: String,
    /// Bytes that it takes on the host's disk.
    pub bytes_written: u64,
    /// Its length in bytes, holes included.
    pub size_bytes: u64,
    /// Whether its file system was brought into order before the machine stopped. One that was not is
    /// exported as it is: its journal holds the rest, which whoever mounts it writes to its place.
    pub is_clean: bool,
}

/// Copies the disk of the workspace with this id, name, or beginning of either, to a new file, readable by
/// its owner only. It has its name once it is whole.
///
/// # Errors
/// If there is no such workspace, it runs, the disk holds a secret, the file exists, or there is no room; nothing
/// is left then.
pub async fn disk_export(
    config: &Config,
    wanted: &str,
    target: ExportTarget,
    disclosure: Disclosure,
    observer: Observer<'_>,
) -> Result<DiskExport> {
    let offline = offline(config, wanted, observer).await?;
    // what is no disk of pyro's any more is exported all the same
    let survey = offline.ask(config, |disk| disk.survey(0)).await;
    let is_clean = survey.is_ok_and(|survey| survey.is_clean);
    let from = disk_of(offline.item.path());
    let secrets = Watch::over(&offline.vault, disclosure).redactor().clone();
    let exporting = tokio::task::spawn_blocking(move || {
        let (directory, name, path) = (target.directory(), target.name(), target.path());
        let disk = from;
        let from = File::open(&disk).at("read", &disk)?;
        if secrets.finds_in(&from).at("look through", &disk)? {
            // in a file, or where one was: deleting it overwrites nothing
            let paths = vec!["the disk".to_owned()];
            return Err(SecretError::InContent { paths, more: 0 }.into());
        }
        let copied = disk::export(&from, directory, name, path)?;
        let facts = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).at("look at", path)?;
        let taken = facts.st_blocks.unsigned_abs() * SECTOR;
        Ok::<_, crate::Error>((path.to_owned(), copied.length, taken))
    });
    // it is never aborted, so all that can be wrong with it is a panic
    let (output_path, size_bytes, bytes_written) =
        exporting.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))?;
    Ok(DiskExport {
        workspace_id: offline.item.id().to_owned(),
        output_path,
        disk_format: "ext4".to_owned(),
        bytes_written,
        size_bytes,
        is_clean,
    })
}
