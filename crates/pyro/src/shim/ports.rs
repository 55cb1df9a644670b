//! Published ports: listeners on the host's loopback, and on no other address, whose connections go on to a
//! server in the guest. They are there as long as their service; the kernel takes them from a shim that dies.

use super::connect::connect;
use crate::service::{Publish, PublishedPort, ServiceError};
use pyro_proto::mux::{Session, join};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// How long to wait after a listener has failed, such as for want of descriptors: others end meanwhile.
const BREATH: Duration = Duration::from_millis(50);

/// Ports that belong to a service that starts. Nobody is served yet.
#[derive(Debug)]
pub(super) struct Ports(Vec<(tokio::net::TcpListener, PublishedPort)>);

/// Ports that are served. Dropping it frees them; connections that are there end with their servers.
#[derive(Debug)]
pub(super) struct OpenPorts(#[expect(dead_code, reason = "kept, not used")] JoinSet<()>);

impl Ports {
    /// Takes the ports of the host that are wished for, and free ones where none is named.
    pub(super) fn bind(wishes: &[Publish]) -> Result<Self, ServiceError> {
        Publish::check(wishes)?;
        wishes.iter().map(bind).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn published(&self) -> Vec<PublishedPort> {
        self.0.iter().map(|(_, port)| port.clone()).collect()
    }

    /// Serves whoever comes from now on, and whoever waits already.
    pub(super) fn open(self, guest: &Session, connections: &Arc<Semaphore>) -> OpenPorts {
        let mut accepting = JoinSet::new();
        for (listener, port) in self.0 {
            let (guest, connections) = (guest.clone(), connections.clone());
            accepting.spawn_local(accept(listener, port.guest_port, guest, connections));
        }
        OpenPorts(accepting)
    }
}

fn bind(wish: &Publish) -> Result<(tokio::net::TcpListener, PublishedPort), ServiceError> {
    let port = wish.host_port.unwrap_or(0);
    let listen = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let host_port = listener.local_addr()?.port();
        Ok((tokio::net::TcpListener::from_std(listener)?, host_port))
    };
    let (listener, host_port) = listen().map_err(|source: std::io::Error| match source.kind() {
        ErrorKind::AddrInUse => ServiceError::PortTaken { port, by: None },
        _ => ServiceError::Port { port, source },
    })?;
    let published = PublishedPort {
        host: Ipv4Addr::LOCALHOST.to_string(),
        host_port,
        guest_port: wish.guest_port,
        protocol: "tcp".to_owned(),
    };
    Ok((listener, published))
}

async fn accept(
    listener: tokio::net::TcpListener,
    port: u16,
    guest: Session,
    connections: Arc<Semaphore>,
) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        // where there are too many, whoever comes waits for one that ends
        let Ok(place) = connections.clone().acquire_owned().await else { return };
        tokio::task::spawn_local(carry(client, port, guest.clone(), place));
    }
}

/// Moves bytes until both sides have finished or one breaks. Nothing is read before the guest has connected.
async fn carry(mut client: TcpStream, port: u16, guest: Session, _place: OwnedSemaphorePermit) {
    let Ok(stream) = connect(&guest, "localhost", port).await else {
        let _ = client.set_zero_linger();
        return;
    };
    // small pieces go on as they come
    let _ = client.set_nodelay(true);
    let (read, write) = client.split();
    if join(read, write, stream).await.end.is_err() {
        // the client sees it break, not end
        let _ = client.set_zero_linger();
    }
}
