//! Connects the host to a server in the guest: for a look whether it answers, or for whoever uses a published
//! port. The host names the place; what the guest has steered elsewhere goes there.

use crate::agent::Agent;
use crate::network::ADDRESS;
use pyro_proto::mux::{Stream, join};
use pyro_proto::network::Connected;
use pyro_proto::{Refusal, RefusalCode};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long making a connection may take. A server of this machine answers in less than a millisecond; one of a
/// container's that is paused never does.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn run(agent: &Agent, host: &str, port: u16, mut stream: Stream) {
    let mut server = match connect(agent, host, port).await {
        Ok(server) => server,
        Err(refusal) => return stream.sender.reset(&refusal),
    };
    if stream.sender.message(&Connected {}).await.is_err() {
        return;
    }
    // small pieces go on as they come
    let _ = server.set_nodelay(true);
    let (read, write) = server.split();
    if join(read, write, stream).await.end.is_err() {
        // the server sees it break, not end
        let _ = server.set_zero_linger();
    }
}

async fn connect(agent: &Agent, host: &str, port: u16) -> Result<TcpStream, Refusal> {
    let addresses = addresses(agent, host)?;
    let connecting = tokio::time::timeout(PATIENCE, to_any(&addresses, port));
    let connected = connecting.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    connected.map_err(|error| Refusal::from_io("connect", &error))
}

/// To the first that answers; where none does, why the first did not.
async fn to_any(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let mut failed = None;
    for address in addresses {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(server) => return Ok(server),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

/// Where a host is looked for. Names are not resolved: the guest decides what they mean.
fn addresses(agent: &Agent, host: &str) -> Result<Vec<IpAddr>, Refusal> {
    if host != "localhost" {
        let address = host.parse().map_err(|_| {
            Refusal::new(
                RefusalCode::Invalid,
                format!("{host:?} is neither an address nor localhost"),
            )
        })?;
        return Ok(vec![address]);
    }
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    if agent.network.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
        addresses.push(ADDRESS.into());
    }
    Ok(addresses)
}
