//! Carries the guest's connections to the host. Each is accepted before the host has connected, because the
//! kernel has done so already; one that cannot be made is reset.

use super::names::Meaning;
use super::uplink::{Placed, Uplink};
use super::{BREATH, name_server};
use pyro_proto::mux::join;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};

/// Accepts connections as long as the machine lives.
pub(super) async fn accept(listener: TcpListener, uplink: Arc<Uplink>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => drop(tokio::spawn(carry(client, uplink.clone()))),
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

async fn carry(client: TcpStream, uplink: Arc<Uplink>) {
    // the client went where its socket says that it is
    let Ok(SocketAddr::V4(to)) = client.local_addr() else { return reset(client) };
    if to.ip().is_loopback() {
        // somebody found the socket itself
        return reset(client);
    }
    let meaning = uplink.names().meaning(*to.ip());
    match meaning {
        Meaning::Name(name) => relay(client, name.as_ref().to_owned(), to.port(), &uplink).await,
        Meaning::Nothing => reset(client),
        Meaning::Itself if to.port() == name_server::PORT => {
            name_server::serve(client, &uplink).await;
        }
        Meaning::Itself => relay(client, address(*to.ip()), to.port(), &uplink).await,
    }
}

fn address(address: Ipv4Addr) -> String {
    address.to_string()
}

async fn relay(mut client: TcpStream, host: String, port: u16, uplink: &Uplink) {
    let Ok(Placed { stream, place: _place }) = uplink.connect(host, port).await else {
        return reset(client);
    };
    // small pieces go on as they come, the client's own delay is enough
    let _ = client.set_nodelay(true);
    let (read, write) = client.split();
    if join(read, write, stream).await.end.is_err() {
        reset(client);
    }
}

/// Closes a connection so that its client sees it break, not end.
fn reset(client: TcpStream) {
    let _ = client.set_zero_linger();
    drop(client);
}
