//! The gate of a guest, with agents that ask for what they may have and for what they may not.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use bytes::BytesMut;
use pyro::network::log::{Connection, Decision, read};
use pyro::network::{AllowList, Gate, NetworkSpec};
use pyro_proto::frame::Lane;
use pyro_proto::mux::{AGENT_WINDOW, Item, Session, Side, Stream};
use pyro_proto::network::{Ask, MAX_STREAMS, Verdict};
use pyro_proto::{Refusal, RefusalCode};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

/// An agent before a gate with this list.
struct Guest {
    agent: Session,
    _host: Session,
    log: TempDir,
}

impl Guest {
    fn before_a_gate(hosts: &[&str], nets: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let allow = AllowList::parse(&owned(hosts), &owned(nets)).unwrap();
        let log = tempfile::tempdir().unwrap();
        let gate = Gate::new(NetworkSpec { allow, proxies: Vec::new() }, log.path());
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let (host, incoming) = Session::start(ours, Side::Host, BytesMut::new(), MAX_STREAMS);
        tokio::task::spawn_local(gate.keep(incoming));
        let (agent, _) = Session::start(theirs, Side::Agent, BytesMut::new(), 0);
        Self { agent, _host: host, log }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Stream, Refusal> {
        let mut stream = self.agent.open(&Ask::Connect { host: host.to_owned(), port }).await?;
        match stream.receiver.next().await {
            Item::Message(_) => Ok(stream),
            Item::Reset(refusal) => Err(refusal),
            other => panic!("{other:?}"),
        }
    }

    async fn look_up(&self, name: &str) -> Verdict {
        let mut stream = self.agent.open(&Ask::Lookup { name: name.to_owned() }).await.unwrap();
        match stream.receiver.next().await {
            Item::Message(json) => serde_json::from_slice(&json).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// What is in the log once `count` connections are.
    async fn logged(&self, count: usize) -> Vec<Connection> {
        loop {
            let logged = read(self.log.path()).unwrap();
            if logged.len() >= count {
                return logged;
            }
            tokio::task::yield_now().await;
        }
    }
}

async fn server() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A guest's connection to a server, and the server's end of it.
async fn connected(guest: &Guest) -> (Stream, TcpStream) {
    let (server, port) = server().await;
    let (stream, accepted) = tokio::join!(guest.connect("127.0.0.1", port), server.accept());
    (stream.unwrap(), accepted.unwrap().0)
}

async fn received(stream: &mut Stream) -> (Vec<u8>, Item) {
    let mut bytes = Vec::new();
    loop {
        match stream.receiver.next().await {
            Item::Data(Lane::Main, more) => bytes.extend_from_slice(&more),
            end => return (bytes, end),
        }
    }
}

const LOOPBACK: &[&str] = &["127.0.0.0/8"];

#[tokio::test]
async fn bytes_pass_both_ways_and_each_half_ends_by_itself() {
    LocalSet::new()
        .run_until(async {
            let guest = Guest::before_a_gate(&[], LOOPBACK);
            let (mut stream, mut server) = connected(&guest).await;
            stream.sender.send(Lane::Main, b"a question").await.unwrap();
            stream.sender.finish().await.unwrap();
            let mut asked = Vec::new();
            server.read_to_end(&mut asked).await.unwrap();
            assert_eq!(asked, b"a question");
            server.write_all(b"an answer after its end").await.unwrap();
            drop(server);
            let (answer, end) = received(&mut stream).await;
            assert_eq!((&answer[..], end), (&b"an answer after its end"[..], Item::Finish));
            let logged = guest.logged(1).await;
            let Connection { decision, sent_bytes, received_bytes, reason, .. } = &logged[0];
            assert_eq!((*decision, *sent_bytes, *received_bytes), (Decision::Allowed, 10, 23));
            assert_eq!(*reason, None);
        })
        .await;
}

#[tokio::test]
async fn what_breaks_on_one_side_breaks_on_the_other() {
    LocalSet::new()
        .run_until(async {
            let guest = Guest::before_a_gate(&[], LOOPBACK);
            let (mut stream, mut server) = connected(&guest).await;
            server.write_all(b"the beginning").await.unwrap();
            assert!(matches!(stream.receiver.next().await, Item::Data(..)));
            server.set_zero_linger().unwrap();
            drop(server);
            assert!(matches!(received(&mut stream).await.1, Item::Reset(_)));

            let (stream, mut server) = connected(&guest).await;
            drop(stream);
            let broken = server.read(&mut [0; 1]).await.unwrap_err();
            assert_eq!(broken.kind(), std::io::ErrorKind::ConnectionReset);

            // half closed, and then broken: nobody waits for ever for the other half
            let (mut stream, mut server) = connected(&guest).await;
            server.shutdown().await.unwrap();
            assert_eq!(received(&mut stream).await.1, Item::Finish);
            stream.sender.finish().await.unwrap();
            drop(stream);
            assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
            guest.logged(3).await;
        })
        .await;
}

#[tokio::test]
async fn a_name_that_leads_to_this_host_is_not_dialled() {
    LocalSet::new()
        .run_until(async {
            let (listener, port) = server().await;
            let named = format!("localhost:{port}");
            for hosts in [&[][..], &[named.as_str()]] {
                let guest = Guest::before_a_gate(hosts, &[]);
                assert_eq!(guest.look_up("localhost").await, Verdict::Known);
                let refusal = guest.connect("localhost", port).await.unwrap_err();
                assert_eq!(refusal.code, RefusalCode::Denied, "{refusal}");
                let logged = guest.logged(1).await;
                assert_eq!(logged[0].decision, Decision::Refused);
                assert!(logged[0].reason.as_ref().unwrap().contains("loopback"));
            }
            let knocks = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
            assert!(knocks.is_err(), "somebody was dialled");
        })
        .await;
}

#[tokio::test]
async fn unlisted_names_are_denied_without_being_resolved() {
    LocalSet::new()
        .run_until(async {
            let guest = Guest::before_a_gate(&["a.example"], &[]);
            assert_eq!(guest.look_up("secret-data.evil.example").await, Verdict::Denied);
            let refusal = guest.connect("secret-data.evil.example", 443).await.unwrap_err();
            assert_eq!(refusal.code, RefusalCode::Denied);
            assert_eq!(guest.look_up("no name").await, Verdict::Missing);
            let logged = guest.logged(2).await;
            assert_eq!((logged[0].port, logged[1].port), (None, Some(443)));
        })
        .await;
}

#[tokio::test]
async fn what_is_no_question_ends_its_stream_and_nothing_else() {
    LocalSet::new()
        .run_until(async {
            let guest = Guest::before_a_gate(&[], LOOPBACK);
            let long = Ask::Connect { host: "a".repeat(100_000), port: 1 };
            let garbage: [Result<Stream, Refusal>; 3] = [
                guest.agent.open(&"garbage").await,
                guest.agent.open(&vec![0u8; 10_000]).await,
                guest.agent.open(&long).await,
            ];
            for stream in garbage {
                assert!(matches!(stream.unwrap().receiver.next().await, Item::Reset(_)));
            }
            // so do messages that nobody asked for
            let (mut stream, _server) = connected(&guest).await;
            for _ in 0..100 {
                if stream.sender.message(&"x".repeat(10_000)).await.is_err() {
                    break;
                }
            }
            assert!(matches!(received(&mut stream).await.1, Item::Reset(_)));
            let (mut stream, mut server) = connected(&guest).await;
            stream.sender.send(Lane::Main, b"still here").await.unwrap();
            let mut read = [0; 10];
            server.read_exact(&mut read).await.unwrap();
            assert_eq!(&read, b"still here");
        })
        .await;
}

#[tokio::test]
async fn only_so_many_are_let_through_at_once_and_places_come_free_again() {
    LocalSet::new()
        .run_until(async {
            let guest = Guest::before_a_gate(&[], LOOPBACK);
            let (listener, port) = server().await;
            let mut accepted = Vec::new();
            let mut streams = Vec::new();
            for _ in 0..MAX_STREAMS {
                let (stream, client) =
                    tokio::join!(guest.connect("127.0.0.1", port), listener.accept());
                streams.push(stream.unwrap());
                accepted.push(client.unwrap());
            }
            let refusal = guest.connect("127.0.0.1", port).await.unwrap_err();
            assert_eq!(refusal.code, RefusalCode::TooMany);
            drop(streams.pop());
            let mut again = guest.connect("127.0.0.1", port).await;
            while again.is_err() {
                tokio::task::yield_now().await;
                again = guest.connect("127.0.0.1", port).await;
            }
        })
        .await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_its_sender_back() {
    LocalSet::new()
        .run_until(async {
            let guest = Guest::before_a_gate(&[], LOOPBACK);
            let (stream, mut server) = connected(&guest).await;
            let writing = tokio::task::spawn_local(async move {
                let mut written = 0;
                let piece = vec![0; 64 << 10];
                while let Ok(Ok(())) =
                    tokio::time::timeout(Duration::from_millis(300), server.write_all(&piece)).await
                {
                    written += piece.len();
                }
                written
            });
            // what the kernel's buffers hold, and one window
            let written = writing.await.unwrap();
            assert!(written < AGENT_WINDOW + (12 << 20), "{written}");
            drop(stream);
        })
        .await;
}
