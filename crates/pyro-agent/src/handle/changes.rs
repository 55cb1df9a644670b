//! Tells what differs from the manifest.

use super::transfer;
use crate::agent::Agent;
use crate::manifest;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, checksum: Option<String>, limit: u64, stream: Stream) {
    transfer::give(stream, move |outlet| {
        manifest::compare(&agent.disk, checksum.as_deref(), limit, outlet)
    })
    .await;
}
