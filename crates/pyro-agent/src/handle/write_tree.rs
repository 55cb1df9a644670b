//! Unpacks a tar archive below a directory.

use super::transfer;
use crate::agent::Agent;
use crate::disk::unsynced;
use crate::files::{Links, unpack};
use pyro_proto::GuestPath;
use pyro_proto::mux::Stream;
use std::sync::Arc;

pub(super) async fn run(agent: Arc<Agent>, path: GuestPath, replace: bool, stream: Stream) {
    transfer::take(stream, move |content| {
        // where somebody works, a link may lead anywhere by now
        let links = if replace { Links::Refuse } else { Links::Follow };
        let directory = agent.root.make_directories(&path, links)?;
        let done = unpack(&directory, replace, content)?;
        agent.disk.sync().map_err(|e| unsynced(&e))?;
        Ok(done)
    })
    .await;
}
