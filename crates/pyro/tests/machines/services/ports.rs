//! Published ports: who reaches what through them, and when they are free again.

use super::server::{Answer, Server};
use super::{order, refusal};
use crate::host::processes::shim as shim_process;
use crate::host::{trial, within};
use crate::workspaces::Workspace;
use libtest_mimic::Trial;
use pyro::service::{Order, Publish, PublishedPort};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("a_published_port_carries_connections_as_they_are", carried),
        trial("a_port_that_is_taken_is_refused_and_nothing_starts", taken),
        trial("a_published_port_is_free_when_its_service_ends", freed),
        trial("a_published_port_is_free_when_its_shim_is_killed", freed_by_death),
    ]
}

fn publishing(script: &str, guest_port: u16, host_port: Option<u16>) -> Order {
    Order { publish: vec![Publish { guest_port, host_port }], ..order(script, None) }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

async fn dial(port: u16) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap()
}

async fn carried() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let server = Server::start(vec![Answer::Echo, Answer::Break(1000), Answer::Echo]).await;
    let started = shim.start_service(publishing("exec sleep 60", server.port, None)).await.unwrap();
    let [PublishedPort { host, host_port, guest_port, protocol }] = &started.published_ports[..]
    else {
        panic!("{started:?}")
    };
    assert_eq!((&**host, *guest_port, &**protocol), ("127.0.0.1", server.port, "tcp"));
    // the client closes its half first, and still hears the answer
    let mut client = dial(*host_port).await;
    let sent = vec![b'y'; 300_000];
    client.write_all(&sent).await.unwrap();
    client.shutdown().await.unwrap();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).await.unwrap();
    drop(client);
    assert_eq!((heard.len(), &heard[300_000..]), (300_007, &b"300000\n"[..]));
    // what breaks does not look complete
    let mut client = dial(*host_port).await;
    let mut heard = Vec::new();
    let broken = client.read_to_end(&mut heard).await.unwrap_err();
    drop(client);
    assert_eq!((broken.kind(), heard.len()), (ErrorKind::ConnectionReset, 1000));
    // nor what nobody answers
    drop(server);
    tokio::task::yield_now().await;
    let broken = match TcpStream::connect((Ipv4Addr::LOCALHOST, *host_port)).await {
        Ok(mut client) => client.read(&mut [0]).await.unwrap_err(),
        Err(early) => early,
    };
    assert_eq!(broken.kind(), ErrorKind::ConnectionReset);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn taken() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other.local_addr().unwrap().port();
    let report = refusal(shim.start_service(publishing("exec sleep 60", 80, Some(port))).await);
    assert_eq!(report.code, "port_taken");
    assert!(report.message.contains(&port.to_string()), "{}", report.message);
    assert!(report.hints[0].contains("ss -ltnp"), "{:?}", report.hints);
    assert_eq!(pyro::service::read(&workspace.directory, "web").unwrap(), None);
    drop(other);
    let started = shim.start_service(publishing("exec sleep 60", 80, Some(port))).await.unwrap();
    assert_eq!(started.published_ports[0].host_port, port);
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn freed() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let server = Server::start(vec![Answer::Echo]).await;
    let started = shim.start_service(publishing("exec sleep 60", server.port, None)).await.unwrap();
    let port = started.published_ports[0].host_port;
    assert!(!is_free(port));
    // also where somebody is connected
    let mut client = dial(port).await;
    client.write_all(b"x").await.unwrap();
    shim.stop_service("web").await.unwrap();
    assert!(is_free(port));
    assert_eq!(workspace.service().published_ports, []);
    // by itself, and as soon as it has ended
    let started = shim.start_service(publishing("sleep 0.2", 80, Some(port))).await.unwrap();
    assert_eq!(started.published_ports[0].host_port, port);
    within(Duration::from_secs(10), "the port is free", || is_free(port)).await;
    drop((client, server));
    shim.end().await.unwrap();
    workspace.assert_nothing_else().await;
}

async fn freed_by_death() {
    let workspace = Workspace::new();
    let shim = workspace.boot(60).await;
    let started = shim.start_service(publishing("exec sleep 60", 80, None)).await.unwrap();
    let port = started.published_ports[0].host_port;
    shim_process().unwrap().kill();
    within(Duration::from_secs(10), "the port is free", || is_free(port)).await;
    drop(shim);
    pyro::shim::sweep(&workspace.host.machines()).unwrap();
    workspace.assert_nothing_else().await;
}
