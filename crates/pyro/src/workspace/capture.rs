//! A workspace's disk as it is at one moment, in a copy. A machine that runs is held still for it.

use super::{disk_of, machine_of};
use crate::config::Config;
use crate::disk;
use crate::error::{AtPath, Result};
use crate::shim::{Client, attach};
use crate::store::Item;
use std::fs::File;
use std::path::PathBuf;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

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

/// The same for one whose machine runs, which stands still until the copy is taken, and not until it is on
/// stable storage. Returns whether its guest says that it had brought the file system into order.
pub(super) async fn capture_running(item: &Item, shim: &Client, to: PathBuf) -> Result<bool> {
    let standing = shim.still().await?;
    let frozen = standing.frozen;
    let (tell, taken) = oneshot::channel();
    let copying = start_copying(disk_of(item.path()), to, move || {
        let _ = tell.send(()); // nobody waits for what nobody wants any more
    });
    // it has failed where nothing is told
    let _ = taken.await;
    standing.go_on().await;
    end_of(copying).await.map(|()| frozen)
}

/// Copying takes a while where the file system cannot share.
pub(super) async fn copy(from: PathBuf, to: PathBuf) -> Result<()> {
    end_of(start_copying(from, to, || {})).await
}

fn start_copying(
    from: PathBuf,
    to: PathBuf,
    taken: impl FnOnce() + Send + 'static,
) -> JoinHandle<Result<()>> {
    spawn_blocking(move || {
        let from = File::open(&from).at("read", &from)?;
        disk::copy_and_tell(&from, &to, taken).map(drop).map_err(crate::Error::from)
    })
}

async fn end_of(copying: JoinHandle<Result<()>>) -> Result<()> {
    // it is never aborted, so all that can be wrong with it is a panic
    copying.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}
