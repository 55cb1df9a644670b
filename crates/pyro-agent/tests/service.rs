//! What an agent does for services: it tells their start, leaves nothing of them, and connects to servers.
#![allow(clippy::unwrap_used)]

mod support;

use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::network::Connected;
use pyro_proto::request::{Exec, ExecControl, ExecStarted, Request};
use pyro_proto::{Refusal, RefusalCode};
use std::net::Ipv6Addr;
use support::{Agent, finish, message, sh};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn service(script: &str) -> Request {
    Request::Exec(Exec { service: true, ..sh(script) })
}

async fn connect(agent: &Agent, host: &str, port: u16) -> Result<Stream, Refusal> {
    let mut stream = agent.open(&Request::Connect { host: host.into(), port }).await;
    message::<Connected>(&mut stream).await.map(|_| stream)
}

#[tokio::test]
async fn a_services_start_is_told_before_anything_it_says() {
    let agent = Agent::start().await;
    let mut stream = agent.open(&service("echo $$; exit 3")).await;
    let ExecStarted { pid } = message(&mut stream).await.unwrap();
    let ran = finish(&mut stream).await.unwrap();
    assert_eq!((ran.exit.code, ran.stdout), (3, format!("{pid}\n").into_bytes()));
}

#[tokio::test]
async fn a_service_that_ends_leaves_nothing_in_the_background() {
    let agent = Agent::start().await;
    let mut stream = agent.open(&service("setsid sleep 1000 & sleep 1001 & sleep 0.1")).await;
    let _: ExecStarted = message(&mut stream).await.unwrap();
    assert_eq!(finish(&mut stream).await.unwrap().exit.code, 0);
    agent.childless().await;
}

#[tokio::test]
async fn a_command_that_is_killed_still_says_how_it_ended() {
    let agent = Agent::start().await;
    let mut stream = agent.open(&service("trap '' TERM; setsid sleep 1000 & echo up; wait")).await;
    let _: ExecStarted = message(&mut stream).await.unwrap();
    assert_eq!(stream.receiver.next().await, Item::Data(Lane::Main, "up\n".into()));
    stream.sender.message(&ExecControl::Kill).await.unwrap();
    let exit = finish(&mut stream).await.unwrap().exit;
    assert_eq!((exit.code, exit.signal), (128 + 9, Some(9)));
    agent.childless().await;
}

#[tokio::test]
async fn a_server_is_found_on_either_loopback_and_both_halves_end_by_themselves() {
    let agent = Agent::start().await;
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        client.write_all(format!("{} bytes", all.len()).as_bytes()).await.unwrap();
    });
    let mut stream = connect(&agent, "localhost", port).await.unwrap();
    stream.sender.send(Lane::Main, &[7; 100_000]).await.unwrap();
    stream.sender.finish().await.unwrap();
    assert_eq!(stream.receiver.next().await, Item::Data(Lane::Main, "100000 bytes".into()));
    assert_eq!(stream.receiver.next().await, Item::Finish);
    serving.await.unwrap();
    assert_eq!(connect(&agent, "127.0.0.1", port).await.unwrap_err().code, RefusalCode::Failed);
    assert_eq!(connect(&agent, "::1", port).await.unwrap_err().code, RefusalCode::Failed);
}

#[tokio::test]
async fn names_are_not_resolved() {
    let agent = Agent::start().await;
    for host in ["example.org", "localhost.", "", "127.0.0.1:80"] {
        let refusal = connect(&agent, host, 80).await.unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Invalid, "{host}");
    }
}
