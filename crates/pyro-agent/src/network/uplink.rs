//! What the agent asks its host for the sake of the network.

use super::names::Names;
use pyro_proto::mux::{Item, Session, Stream};
use pyro_proto::network::{Ask, Connected, MAX_STREAMS, Verdict};
use pyro_proto::{Refusal, RefusalCode};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The way to the host, and what has been learned over it.
#[derive(Debug)]
pub(super) struct Uplink {
    session: Mutex<Session>,
    names: Mutex<Names>,
    places: Arc<Semaphore>,
}

/// A stream that counts as one of the host's [`MAX_STREAMS`] while this lives.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) stream: Stream,
    pub(super) place: OwnedSemaphorePermit,
}

impl Uplink {
    pub(super) fn over(session: Session) -> Self {
        let places = Arc::new(Semaphore::new(MAX_STREAMS));
        Self { session: Mutex::new(session), names: Mutex::default(), places }
    }

    /// From now on another session leads to the host.
    pub(super) fn lead_over(&self, session: Session) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }

    pub(super) fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Connects to a name or address.
    pub(super) async fn connect(&self, host: String, port: u16) -> Result<Placed, Refusal> {
        let mut placed = self.open(&Ask::Connect { host, port }).await?;
        match placed.stream.receiver.next().await {
            Item::Message(json) if serde_json::from_slice::<Connected>(&json).is_ok() => Ok(placed),
            Item::Reset(refusal) => Err(refusal),
            _ => Err(Refusal::new(RefusalCode::Invalid, "not an answer to a connection")),
        }
    }

    /// The address of a name that may be reached.
    pub(super) async fn look_up(&self, name: &str) -> Result<Option<Ipv4Addr>, Refusal> {
        let known = self.names().known(name);
        if known.is_some() {
            return Ok(known);
        }
        match self.verdict(name).await? {
            Verdict::Known => {
                let address = self.names().address(name);
                let exhausted = || Refusal::new(RefusalCode::TooMany, "no address is left");
                address.map(Some).ok_or_else(exhausted)
            }
            Verdict::Denied | Verdict::Missing | Verdict::Other => Ok(None),
        }
    }

    async fn verdict(&self, name: &str) -> Result<Verdict, Refusal> {
        let Placed { mut stream, place: _place } =
            self.open(&Ask::Lookup { name: name.to_owned() }).await?;
        // a host that is gone will be missed at the answer
        let _ = stream.sender.finish().await;
        match stream.receiver.next().await {
            Item::Message(json) => Ok(serde_json::from_slice(&json).unwrap_or(Verdict::Other)),
            Item::Reset(refusal) => Err(refusal),
            Item::Data(..) | Item::Finish => {
                Err(Refusal::new(RefusalCode::Invalid, "not an answer to a question"))
            }
        }
    }

    /// Asks at once or not at all: the host would refuse it too.
    async fn open(&self, ask: &Ask) -> Result<Placed, Refusal> {
        let crowded = |_| Refusal::new(RefusalCode::TooMany, "too many connections at once");
        let place = self.places.clone().try_acquire_owned().map_err(crowded)?;
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Placed { stream: session.open(ask).await?, place })
    }
}
