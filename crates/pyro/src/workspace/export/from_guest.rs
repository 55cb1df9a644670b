//! The guest packs what is exported, and the host unpacks it: for what lies outside `/workspace`, and for
//! whatever the disk does not tell.

use super::{Workspace, advance};
use crate::error::Result;
use crate::event::Observer;
use crate::export::{Exported, Plan, Receiving};
use crate::guest::transfer;
use bytes::Bytes;
use pyro_proto::GuestPath;
use pyro_proto::request::Request;

/// The observer hears of progress once per this many bytes.
const PROGRESS_STEP: u64 = 4 << 20;

/// Exports a path by asking the guest for it.
pub(super) async fn export(
    workspace: &Workspace,
    path: GuestPath,
    plan: Plan,
    observer: Observer<'_>,
) -> Result<Exported> {
    let receiving = Receiving::begin(plan)?;
    let request = Request::ReadTree { path, without_git: true };
    let stream = workspace.shim.guest(request).await?;
    let (mut bytes, mut next) = (0, PROGRESS_STEP);
    let take = |piece: Bytes| {
        bytes += piece.len() as u64;
        if bytes >= next {
            next = bytes + PROGRESS_STEP;
            advance(observer, bytes);
        }
        receiving.take(piece)
    };
    transfer::hand_on(stream, take).await?;
    Ok(receiving.complete().await?)
}
