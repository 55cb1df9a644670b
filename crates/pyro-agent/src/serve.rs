//! One session: greet the host, answer its requests until the channel ends, leave nothing running.

use crate::agent::Agent;
use crate::handle;
use pyro_proto::handshake::{self, Boot, GENERATION, HandshakeError, Hello, OLDEST, Welcome};
use pyro_proto::mux::{Session, Side};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// Streams that the host may have open at once.
const MAX_STREAMS: usize = 1024;

/// Serves one session over `channel`; returns when it has ended and with it every request. `greet`
/// takes what the hello brings and says how the boot went, before any request is read.
pub(crate) async fn session<C>(
    agent: &Arc<Agent>,
    mut channel: C,
    greet: impl FnOnce(&Hello) -> Boot,
) -> Result<(), HandshakeError>
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (_, early) = handshake::answer(&mut channel, |hello| welcome(greet(hello))).await?;
    let (session, mut incoming) = Session::start(channel, Side::Agent, early, MAX_STREAMS);
    let mut requests = JoinSet::new();
    loop {
        tokio::select! {
            next = incoming.next() => match next {
                Some((request, stream)) => {
                    requests.spawn(handle::request(agent.clone(), session.clone(), request, stream));
                }
                None => break,
            },
            Some(_) = requests.join_next() => {}
        }
    }
    // each of them sees its stream end and cleans up
    while requests.join_next().await.is_some() {}
    Ok(())
}

/// Greets a host only to tell it why this machine is of no use. The result is to be kept until the
/// host has had time to hear it.
pub(crate) async fn refuse<C>(mut channel: C, boot: Boot) -> Result<Session, HandshakeError>
where
    C: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (_, early) = handshake::answer(&mut channel, |_| welcome(boot)).await?;
    Ok(Session::start(channel, Side::Agent, early, 0).0)
}

fn welcome(boot: Boot) -> Welcome {
    Welcome {
        generation: GENERATION,
        oldest: OLDEST,
        pyro: env!("CARGO_PKG_VERSION").to_owned(),
        boot,
    }
}
