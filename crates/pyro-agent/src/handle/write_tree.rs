//! Unpacks a tar archive below a directory.

use super::transfer;
use crate::agent::Agent;
use crate::files::unpack;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, path: GuestPath, stream: Stream) {
    transfer::take(stream, move |content| {
        let directory = agent.root.make_directories(&path)?;
        unpack(&directory, content)
    })
    .await;
}
