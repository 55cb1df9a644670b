//! The handshake with a machine that just started, and the session after it.

use crate::machine::MachineError;
use pyro_proto::handshake::{self, Boot, GENERATION, HandshakeError, Hello, OLDEST};
use pyro_proto::mux::{Incoming, Session, Side};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};

/// Greets the agent and starts the session. Waits as long as the agent takes: the caller has
/// the deadline. The guest may open no streams.
///
/// # Errors
/// [`MachineError::Boot`] with the agent's own note when its boot failed, or
/// [`MachineError::Handshake`] when it is not our agent.
pub async fn greet<C>(mut channel: C, hostname: &str) -> Result<(Session, Incoming), MachineError>
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let hello = Hello {
        generation: GENERATION,
        oldest: OLDEST,
        pyro: env!("CARGO_PKG_VERSION").to_owned(),
        unix_time_ns: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |now| u64::try_from(now.as_nanos()).unwrap_or(0)),
        entropy: random()?,
        hostname: hostname.to_owned(),
    };
    let (welcome, early) = handshake::offer(&mut channel, random()?, &hello).await?;
    match welcome.boot {
        Boot::Ready { .. } => Ok(Session::start(channel, Side::Host, early, 0)),
        Boot::Failed(note) => Err(MachineError::Boot { note }),
    }
}

fn random<const N: usize>() -> Result<[u8; N], HandshakeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(bytes)
}
