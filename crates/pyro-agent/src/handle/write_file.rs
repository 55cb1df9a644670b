//! Replaces a file by what comes.

use super::transfer;
use crate::agent::Agent;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use pyro_proto::request::TransferDone;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, path: GuestPath, mode: u32, stream: Stream) {
    transfer::take(stream, move |content| {
        let bytes = agent.root.replace(&path, mode, content)?;
        Ok(TransferDone { entries: 1, bytes })
    })
    .await;
}
