//! Tells what is at a path.

use super::transfer;
use crate::agent::Agent;
use crate::files::stat;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, path: GuestPath, stream: Stream) {
    transfer::tell(stream, move || stat(&agent.root, &path)).await;
}
