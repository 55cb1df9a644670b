//! Sends a part or all of a regular file.

use super::transfer;
use crate::agent::Agent;
use crate::files::copy;
use pyro_proto::mux::Stream;
use pyro_proto::request::TransferDone;
use pyro_proto::{GuestPath, Refusal};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

pub(super) async fn run(
    agent: Arc<Agent>,
    path: GuestPath,
    offset: u64,
    length: Option<u64>,
    stream: Stream,
) {
    transfer::give(stream, move |outlet| {
        let mut file = agent.root.regular_file(&path)?;
        let failed = |e| Refusal::from_io(&format!("cannot read {path}"), &e);
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let bytes = copy(&mut file.take(length.unwrap_or(u64::MAX)), outlet).map_err(failed)?;
        Ok(TransferDone { entries: 1, bytes })
    })
    .await;
}
