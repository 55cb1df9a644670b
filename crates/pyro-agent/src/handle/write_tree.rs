//! Unpacks a tar archive below a directory.

use super::transfer;
use crate::agent::Agent;
use crate::disk::unsynced;
use crate::files::unpack;
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, path: GuestPath, replace: bool, stream: Stream) {
    transfer::take(stream, move |content| {
        let directory = agent.root.make_directories(&path)?;
        let done = unpack(&directory, replace, content)?;
        agent.disk.sync().map_err(|e| unsynced(&e))?;
        Ok(done)
    })
    .await;
}
