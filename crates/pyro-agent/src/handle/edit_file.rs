//! Replaces a text in a file. One edit after the other: each sees what the one before has done.

use super::transfer;
use crate::agent::Agent;
use crate::files::edit;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::{Arc, PoisonError};

pub(super) async fn run(
    agent: Arc<Agent>,
    path: GuestPath,
    old: String,
    new: String,
    all: bool,
    stream: Stream,
) {
    transfer::tell(stream, move || {
        let _turn = agent.editing.lock().unwrap_or_else(PoisonError::into_inner);
        edit(&agent.root, &path, &old, &new, all)
    })
    .await;
}
