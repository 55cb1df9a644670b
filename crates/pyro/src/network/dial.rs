//! Makes a connection that the guest asked for: decides, resolves once, checks each address, and dials one
//! that was checked, never the name again.

use super::NetworkSpec;
use super::log::Decision;
use super::name::HostName;
use super::policy::{Refused, Trust};
use super::proxy::{Proxy, proxy_for};
use super::resolve::Resolver;
use nix::ifaddrs::getifaddrs;
use nix::sys::socket::SockaddrStorage;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// How long making a connection may take in all, after its name is resolved.
const PATIENCE: Duration = Duration::from_secs(10);
/// The least that one address gets of it, where another is left to try.
const LEAST: Duration = Duration::from_secs(2);

/// A connection.
#[derive(Debug)]
pub(super) struct Dialled {
    pub(super) stream: TcpStream,
    /// None where it leads through a proxy.
    pub(super) address: Option<IpAddr>,
}

/// Why there is no connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unmade {
    pub(super) decision: Decision,
    pub(super) why: String,
}

impl From<Refused> for Unmade {
    fn from(refused: Refused) -> Self {
        Self { decision: Decision::Refused, why: refused.to_string() }
    }
}

impl Unmade {
    pub(super) fn failed(why: &impl ToString) -> Self {
        Self { decision: Decision::Failed, why: why.to_string() }
    }
}

/// Connects to what the guest calls `host`.
pub(super) async fn dial(
    spec: &NetworkSpec,
    resolver: &Resolver,
    host: &str,
    port: u16,
) -> Result<Dialled, Unmade> {
    let own = own_addresses();
    if let Ok(address) = host.parse::<IpAddr>() {
        spec.allow.judge_address(address, &own)?;
        return connect(spec, host, &[address], port).await;
    }
    let name = HostName::parse(host).ok_or_else(|| Unmade::failed(&"it is no name of a host"))?;
    let trust = spec.allow.judge_name(&name, port)?;
    if trust == Trust::Host {
        return connect_to_any(&[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], port)
            .await;
    }
    if let Some(proxy) = proxy(spec, name.as_str(), port)? {
        return connect_through(&proxy, name.as_str(), port).await;
    }
    let found = resolver.resolve(&name).await.map_err(|why| Unmade::failed(&why))?;
    let addresses = checked(&found, |address| spec.allow.judge_resolved(address, trust, &own))?;
    connect_to_any(&addresses, port).await
}

/// Those that may be dialled; where none may be, why the first may not.
fn checked(
    found: &[IpAddr],
    judge: impl Fn(IpAddr) -> Result<(), Refused>,
) -> Result<Vec<IpAddr>, Unmade> {
    let (mut allowed, mut refused) = (Vec::new(), None);
    for address in found {
        match judge(*address) {
            Ok(()) => allowed.push(*address),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    match refused {
        Some(why) if allowed.is_empty() => Err(why.into()),
        _ => Ok(allowed),
    }
}

/// To an address that the guest named. A range that the human allows is reached directly: no proxy knows it.
async fn connect(
    spec: &NetworkSpec,
    host: &str,
    addresses: &[IpAddr],
    port: u16,
) -> Result<Dialled, Unmade> {
    match proxy(spec, host, port)? {
        Some(proxy) if spec.allow.nets.is_empty() => connect_through(&proxy, host, port).await,
        _ => connect_to_any(addresses, port).await,
    }
}

fn proxy(spec: &NetworkSpec, host: &str, port: u16) -> Result<Option<Proxy>, Unmade> {
    proxy_for(host, port, &spec.proxy_settings()).map_err(|why| Unmade::failed(&why))
}

async fn connect_through(proxy: &Proxy, host: &str, port: u16) -> Result<Dialled, Unmade> {
    let connecting = tokio::time::timeout(PATIENCE, proxy.connect(host, port));
    match connecting.await {
        Ok(Ok(stream)) => Ok(Dialled { stream, address: None }),
        Ok(Err(error)) => Err(Unmade::failed(&error)),
        Err(_) => Err(Unmade::failed(&"the proxy did not answer in time")),
    }
}

/// To the first address that answers.
async fn connect_to_any(addresses: &[IpAddr], port: u16) -> Result<Dialled, Unmade> {
    let deadline = Instant::now() + PATIENCE;
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (address, left) in addresses.iter().zip((0..addresses.len()).rev()) {
        let remaining = deadline.saturating_duration_since(Instant::now());
        let share = if left == 0 { remaining } else { (remaining / 2).max(LEAST).min(remaining) };
        let connecting = TcpStream::connect(SocketAddr::new(*address, port));
        match tokio::time::timeout(share, connecting).await {
            Ok(Ok(stream)) => return Ok(Dialled { stream, address: Some(*address) }),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(Unmade::failed(&failed))
}

/// The addresses of this host's interfaces, which change while it runs.
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    interfaces.filter_map(|interface| ip(&interface.address?)).collect()
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::AllowList;

    fn spec(hosts: &[&str], nets: &[&str], proxies: &[(&str, &str)]) -> NetworkSpec {
        let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        NetworkSpec {
            allow: AllowList::parse(&owned(hosts), &owned(nets)).unwrap(),
            proxies: proxies.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        }
    }

    async fn outcome(spec: &NetworkSpec, host: &str, port: u16) -> Result<Option<IpAddr>, Unmade> {
        dial(spec, &Resolver::new(), host, port).await.map(|dialled| dialled.address)
    }

    /// A port where somebody listens, for as long as the socket lives.
    async fn server() -> (tokio::net::TcpListener, u16) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_host_is_resolved_and_refused() {
        let (_server, port) = server().await;
        // the name is public as far as the list knows; where it leads is not
        for spec in [spec(&[], &[], &[]), spec(&[&format!("localhost:{port}")], &[], &[])] {
            let unmade = outcome(&spec, "localhost", port).await.unwrap_err();
            assert_eq!(unmade.decision, Decision::Refused);
            assert!(unmade.why.contains("loopback"), "{}", unmade.why);
        }
    }

    #[tokio::test]
    async fn an_allowed_range_is_dialled_by_address_and_by_name() {
        let (_server, port) = server().await;
        let spec = spec(&[], &["127.0.0.0/8"], &[]);
        let loopback = Ok(Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        assert_eq!(outcome(&spec, "127.0.0.1", port).await, loopback);
        assert_eq!(outcome(&spec, "host.pyro.internal", port).await, loopback);
    }

    #[tokio::test]
    async fn addresses_in_disguise_are_refused() {
        let (_server, port) = server().await;
        let all = spec(&[], &[], &[]);
        for host in [
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "0.0.0.0",
            "169.254.169.254",
        ] {
            let unmade = outcome(&all, host, port).await.unwrap_err();
            assert_eq!(unmade.decision, Decision::Refused, "{host}: {}", unmade.why);
        }
        for host in ["127.1", "2130706433", "0x7f.1", "", "a b", "..", "[::1]"] {
            assert!(outcome(&all, host, port).await.is_err(), "{host}");
        }
    }

    #[tokio::test]
    async fn the_hosts_own_interfaces_are_refused() {
        let own = own_addresses();
        assert!(own.contains(&Ipv4Addr::LOCALHOST.into()), "{own:?}");
        for address in own {
            let unmade = outcome(&spec(&[], &[], &[]), &address.to_string(), 9).await.unwrap_err();
            assert_eq!(unmade.decision, Decision::Refused, "{address}");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_told_the_name_and_nothing_is_resolved() {
        let (server, port) = server().await;
        let proxy = format!("http://127.0.0.1:{port}");
        let spec = spec(&[], &[], &[("https_proxy", proxy.as_str())]);
        let serve = async {
            use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
            let (client, _) = server.accept().await.unwrap();
            let mut client = BufReader::new(client);
            let mut line = String::new();
            client.read_line(&mut line).await.unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            line
        };
        let (line, dialled) = tokio::join!(serve, outcome(&spec, "nowhere.invalid", 443));
        assert_eq!(line, "CONNECT nowhere.invalid:443 HTTP/1.1\r\n");
        assert_eq!(dialled, Ok(None));
        // what is refused by name or address is refused before the proxy hears of it
        assert!(outcome(&spec, "127.0.0.1", 443).await.is_err());
    }

    #[test]
    fn of_a_mixed_answer_only_what_may_be_dialled_is_left() {
        let public: IpAddr = "203.0.113.7".parse().unwrap();
        let found = [IpAddr::V4(Ipv4Addr::LOCALHOST), public];
        let allow = AllowList::default();
        let judge = |address| allow.judge_resolved(address, Trust::None, &[]);
        assert_eq!(checked(&found, judge).unwrap(), [public]);
        assert_eq!(checked(&found[..1], judge).unwrap_err().decision, Decision::Refused);
    }
}
