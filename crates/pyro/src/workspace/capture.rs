//! A workspace's disk as it is at one moment, in a copy. A machine that runs is held still for it.

use super::{disk_of, machine_of};
use crate::config::Config;
use crate::disk;
use crate::error::{AtPath, Result};
use crate::shim::{Client, attach};
use crate::store::Item;
use std::fs::File;
use std::path::PathBuf;

/// Copies the disk of a workspace, whose turn the caller has, to the new file `to`.
pub(super) async fn capture(config: &Config, item: &Item, to: PathBuf) -> Result<()> {
    match attach(&machine_of(config, item)).await? {
        Some(shim) => {
            shim.ready().await?;
            capture_running(item, &shim, to).await.map(drop)
        }
        None => copy(disk_of(item.path()), to).await,
    }
}

/// The same for one whose machine runs. Returns whether its guest says that it had brought the file
/// system into order.
pub(super) async fn capture_running(item: &Item, shim: &Client, to: PathBuf) -> Result<bool> {
    let standing = shim.still().await?;
    let frozen = standing.frozen;
    let copied = copy(disk_of(item.path()), to).await;
    standing.go_on().await;
    copied.map(|()| frozen)
}

/// Copying takes a while where the file system cannot share.
pub(super) async fn copy(from: PathBuf, to: PathBuf) -> Result<()> {
    let copying = tokio::task::spawn_blocking(move || {
        let from = File::open(&from).at("read", &from)?;
        disk::copy(&from, &to).map(drop).map_err(crate::Error::from)
    });
    // it is never aborted, so all that can be wrong with it is a panic
    copying.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}
