//! The guest's network without a network card. What leaves the machine is steered to the agent ([`routes`],
//! [`steer`]), names are answered by the agent ([`name_server`]) with addresses that stand for them
//! ([`names`]), and each connection becomes a stream to the host ([`connections`]), which decides. Whatever
//! the guest does to all this, it breaks its own network and nothing else: the host is the wall.

mod connections;
mod dns;
mod name_server;
mod names;
mod net;
mod netlink;
mod routes;
mod steer;
mod sys;
mod uplink;

use net::Net;
use nix::sys::socket::{setsockopt, sockopt};
use pyro_proto::mux::Session;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use steer::{Steering, steer};
use uplink::Uplink;

/// The machine's own address: connections come from it, and its name server is there.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// How long to wait after a socket has failed, such as for want of descriptors: others end meanwhile.
const BREATH: Duration = Duration::from_millis(50);

const LOOPBACK: Net = Net::new(Ipv4Addr::new(127, 0, 0, 0), 8);
/// RFC 1918: what a guest may use for networks of its own making.
const PRIVATE: [Net; 3] = [
    Net::new(Ipv4Addr::new(10, 0, 0, 0), 8),
    Net::new(Ipv4Addr::new(172, 16, 0, 0), 12),
    Net::new(Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// The network, once the host has asked for it. It stays as long as the machine.
#[derive(Debug)]
pub(crate) struct Network {
    uplink: Arc<Uplink>,
    _steering: Steering,
}

impl Network {
    /// Sets it up, over this session to the host. `reachable` are ranges that the host lets through; what
    /// is no range of IPv4 is left out.
    pub(crate) fn start(session: Session, reachable: &[String]) -> io::Result<Self> {
        let reachable: Vec<Net> = reachable.iter().filter_map(|net| net.parse().ok()).collect();
        during("make the routes", routes::establish(&reachable))?;
        let connections = during("listen for connections", listener())?;
        let questions = during("listen for questions to the name server", name_socket())?;
        let steering = steer(connections.as_fd(), questions.as_fd(), &reachable);
        let steering = during("steer connections", steering)?;
        during("name the name server", name_the_name_server())?;
        let uplink = Arc::new(Uplink::over(session));
        let connections = tokio::net::TcpListener::from_std(connections)?;
        let questions = tokio::net::UdpSocket::from_std(questions)?;
        tokio::spawn(connections::accept(connections, uplink.clone()));
        tokio::spawn(name_server::answer_datagrams(questions, uplink.clone()));
        Ok(Self { uplink, _steering: steering })
    }

    /// Goes on over another session: the first one is over.
    pub(crate) fn lead_over(&self, session: Session) {
        self.uplink.lead_over(session);
    }
}

/// Takes every connection that is steered to it. Transparent, because it answers from addresses that are
/// not this machine's.
fn listener() -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    setsockopt(&listener, sockopt::IpTransparent, &true)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn name_socket() -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind((ADDRESS, name_server::PORT))?;
    setsockopt(&socket, sockopt::IpTransparent, &true)?;
    setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Written anew at each start, as container engines do: what an image has there is of another place.
fn name_the_name_server() -> io::Result<()> {
    const SETTINGS: &str = "/etc/resolv.conf";
    fs::create_dir_all("/etc")?;
    match fs::remove_file(SETTINGS) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::write(SETTINGS, format!("# by pyro, at each start\nnameserver {ADDRESS}\n"))
}

fn during<T>(action: &str, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::new(error.kind(), format!("cannot {action}: {error}")))
}
