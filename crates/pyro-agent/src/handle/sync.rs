//! Writes everything to the workspace's disk.

use crate::agent::Agent;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, mut stream: Stream) {
    match agent.disk.synced().await {
        // a host that is gone needs no answer
        Ok(()) => drop(stream.sender.finish().await),
        Err(refusal) => stream.sender.reset(&refusal),
    }
}
