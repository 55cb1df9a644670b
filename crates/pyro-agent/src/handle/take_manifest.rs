//! Notes what the workspace holds. One after the other: they write to the same file.

use super::transfer;
use crate::agent::Agent;
use crate::manifest;
use pyro_proto::mux::Stream;
use std::sync::{Arc, PoisonError};

pub(super) async fn run(agent: Arc<Agent>, stream: Stream) {
    transfer::tell(stream, move || {
        let _turn = agent.taking.lock().unwrap_or_else(PoisonError::into_inner);
        manifest::take(&agent.disk)
    })
    .await;
}
