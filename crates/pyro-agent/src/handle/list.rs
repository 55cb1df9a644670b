//! Tells what is in a directory.

use super::transfer;
use crate::agent::Agent;
use crate::files::list;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(
    agent: Arc<Agent>,
    path: GuestPath,
    recursive: bool,
    limit: u64,
    stream: Stream,
) {
    transfer::give(stream, move |outlet| list(&agent.root, &path, recursive, limit, outlet)).await;
}
