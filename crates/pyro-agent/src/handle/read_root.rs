//! Sends the whole root file system as a tar archive.

use super::transfer;
use crate::agent::Agent;
use crate::files::pack_root;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, stream: Stream) {
    transfer::give(stream, move |outlet| pack_root(&agent.root, agent.place, outlet)).await;
}
