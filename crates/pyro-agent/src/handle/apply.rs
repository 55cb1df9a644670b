//! Changes many files at once. One patch or edit after the other: each sees what the one before has done.

use super::transfer;
use crate::agent::Agent;
use crate::apply::apply;
use pyro_proto::mux::Stream;
use std::sync::{Arc, PoisonError};

pub(super) async fn run(agent: Arc<Agent>, stream: Stream) {
    transfer::take(stream, move |content| {
        let _turn = agent.editing.lock().unwrap_or_else(PoisonError::into_inner);
        apply(&agent.disk, content)
    })
    .await;
}
