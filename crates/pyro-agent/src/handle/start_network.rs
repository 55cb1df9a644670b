//! Gives the guest its network, which leads over the session that asked for it.

use crate::agent::{Agent, Place};
use crate::network::{ADDRESS, Network};
use pyro_proto::mux::{Session, Stream};
use pyro_proto::network::Up;
use pyro_proto::{Refusal, RefusalCode};
use std::sync::PoisonError;

pub(super) async fn run(agent: &Agent, session: Session, reachable: &[String], mut stream: Stream) {
    if let Err(refusal) = start(agent, session, reachable) {
        return stream.sender.reset(&refusal);
    }
    // a host that is gone needs no answer
    if stream.sender.message(&Up { address: ADDRESS.to_string() }).await.is_ok() {
        let _ = stream.sender.finish().await;
    }
}

fn start(agent: &Agent, session: Session, reachable: &[String]) -> Result<(), Refusal> {
    if agent.place == Place::Process {
        let message = "a process of the host has the host's network";
        return Err(Refusal::new(RefusalCode::Unsupported, message));
    }
    let mut network = agent.network.lock().unwrap_or_else(PoisonError::into_inner);
    match &*network {
        Some(network) => network.lead_over(session),
        None => {
            let started = Network::start(session, reachable)
                .map_err(|e| Refusal::from_io("the guest's network", &e))?;
            *network = Some(started);
        }
    }
    Ok(())
}
