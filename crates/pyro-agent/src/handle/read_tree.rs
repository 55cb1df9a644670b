//! Sends a file or a directory as a tar archive.

use super::transfer;
use crate::agent::Agent;
use crate::files::pack;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, path: GuestPath, without_git: bool, stream: Stream) {
    transfer::give(stream, move |outlet| pack(&agent.root, &path, without_git, outlet)).await;
}
