//! Lists what is in a directory of a stopped workspace, without starting it.

use super::file_list::{FileEntry, FileList, MAX_ENTRIES};
use super::offline::{disk_path, offline};
use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;

/// Lists a directory on the disk of the workspace with this id, name, or beginning of either; a path that is
/// a file lists itself. No link is followed. After an unclean stop the disk is shown as its journal
/// leaves it.
///
/// # Errors
/// If there is no such workspace or directory, the workspace runs, or its guest has damaged the disk.
pub async fn disk_list(
    config: &Config,
    wanted: &str,
    path: &str,
    recursive: bool,
    observer: Observer<'_>,
) -> Result<FileList> {
    let (below, path) = disk_path(path)?;
    let offline = offline(config, wanted, observer).await?;
    let listing =
        offline.ask(config, move |disk| disk.list(&below, recursive, MAX_ENTRIES)).await?;
    Ok(FileList {
        workspace_id: offline.item.id().to_owned(),
        path: offline.shown(&path),
        recursive,
        entries: FileEntry::all(listing.entries, offline.vault.redactor()),
        truncated: listing.truncated,
        notices: Vec::new(),
    })
}
