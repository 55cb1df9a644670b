//! How the byte channel to the agent comes about: some VMMs inherit one end of a socket pair, with
//! Firecracker the guest calls when it is ready.

use crate::machine::MachineError;
use crate::machine::firecracker::Call;
use std::time::Duration;
use tokio::net::UnixStream;

/// The agent answers, or says why it cannot, within this time of being greeted.
const ANSWER: Duration = Duration::from_secs(5);

/// The way to the agent of a machine that was started.
#[derive(Debug)]
pub struct Channel(Way);

#[derive(Debug)]
enum Way {
    /// One connection, there from the beginning; the guest answers on it when it can.
    Open(Option<UnixStream>),
    /// The guest connects, perhaps more than once.
    Calls(Box<Call>),
}

impl Channel {
    /// Over a connection that exists already.
    pub(super) fn open(stream: UnixStream) -> Self {
        Self(Way::Open(Some(stream)))
    }

    /// Over connections that the guest makes.
    pub(super) fn calls(call: Call) -> Self {
        Self(Way::Calls(Box::new(call)))
    }

    /// The next connection to the agent; [`None`] where there can be no other.
    ///
    /// # Errors
    /// If the VMM does not do what is needed for it.
    pub async fn next(&mut self) -> Result<Option<UnixStream>, MachineError> {
        match &mut self.0 {
            Way::Open(stream) => Ok(stream.take()),
            Way::Calls(call) => call.next().await.map(Some),
        }
    }

    /// How long the agent may take to answer on a connection; without one, as long as its boot takes.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        match self.0 {
            Way::Open(_) => None,
            Way::Calls(_) => Some(ANSWER),
        }
    }

    /// How far the boot has come, in a word for error messages.
    #[must_use]
    pub fn stage(&self) -> &'static str {
        match &self.0 {
            Way::Open(_) => "agent",
            Way::Calls(call) => call.stage(),
        }
    }
}
