//! The handshake with a machine that just started, and the session after it.

use pyro_proto::handshake::{self, Boot, BootNote, GENERATION, HandshakeError, Hello, OLDEST};
use pyro_proto::mux::{Incoming, Session, Side};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};

/// Why there is no session with the agent.
#[derive(Debug, thiserror::Error)]
pub enum GreetError {
    /// What answered is not our agent, or nothing did.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The agent says which step of its boot failed.
    #[error("boot stage {}: {}", .0.stage, .0.message)]
    Boot(BootNote),
}

/// Greets the agent and starts the session. Waits as long as the agent takes: the caller has
/// the deadline. The guest may have `max_incoming` streams of its own open.
///
/// # Errors
/// [`GreetError`].
pub async fn greet<C>(
    mut channel: C,
    hostname: &str,
    max_incoming: usize,
) -> Result<(Session, Incoming), GreetError>
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
        Boot::Ready { .. } => Ok(Session::start(channel, Side::Host, early, max_incoming)),
        Boot::Failed(note) => Err(GreetError::Boot(note)),
    }
}

fn random<const N: usize>() -> Result<[u8; N], HandshakeError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| std::io::Error::other(e.to_string()))?;
    Ok(bytes)
}
