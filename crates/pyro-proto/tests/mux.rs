//! Two sessions over an in-memory channel, and a hostile peer that writes frames by hand.

#![allow(clippy::unwrap_used)] // a failed step is a failed test

use bytes::BytesMut;
use pyro_proto::frame::{self, FrameKind, Lane, MAX_DATA, MAX_MESSAGE, Violation};
use pyro_proto::mux::{AGENT_WINDOW, Ended, Incoming, Item, Session, Side, Stream, WINDOW, join};
use pyro_proto::{Refusal, RefusalCode};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

fn pair(max_incoming: usize) -> (Session, Session, Incoming) {
    let (a, b) = tokio::io::duplex(64 << 10);
    let (host, _) = Session::start(a, Side::Host, BytesMut::new(), 0);
    let (agent, incoming) = Session::start(b, Side::Agent, BytesMut::new(), max_incoming);
    (host, agent, incoming)
}

async fn opened(host: &Session, incoming: &mut Incoming) -> (Stream, Stream) {
    let ours = host.open(&"hello").await.unwrap();
    let (request, theirs) = incoming.next().await.unwrap();
    assert_eq!(&request[..], b"\"hello\"");
    (ours, theirs)
}

async fn collect(stream: &mut Stream) -> (Vec<u8>, Vec<u8>, Item) {
    let (mut main, mut err) = (Vec::new(), Vec::new());
    loop {
        match stream.receiver.next().await {
            Item::Data(Lane::Main, bytes) => main.extend_from_slice(&bytes),
            Item::Data(Lane::Err, bytes) => err.extend_from_slice(&bytes),
            last => return (main, err, last),
        }
    }
}

#[tokio::test]
async fn megabytes_pass_on_many_streams_at_once() {
    let (host, _agent, mut incoming) = pair(64);
    tokio::spawn(async move {
        while let Some((_, mut stream)) = incoming.next().await {
            tokio::spawn(async move {
                loop {
                    match stream.receiver.next().await {
                        Item::Data(lane, bytes) => stream.sender.send(lane, &bytes).await.unwrap(),
                        _ => return stream.sender.finish().await.unwrap(),
                    }
                }
            });
        }
    });
    let mut echoes = Vec::new();
    for n in 0..20u8 {
        let host = host.clone();
        echoes.push(tokio::spawn(async move {
            let (mut sender, receiver) = host.open(&"echo").await.unwrap().split();
            let data: Vec<u8> = (0..1_000_000u32).map(|i| i.to_le_bytes()[0] ^ n).collect();
            let sent = data.clone();
            let sending = tokio::spawn(async move {
                let mut source = &sent[..];
                while sender.send_from(Lane::Main, &mut source).await.unwrap() > 0 {}
                sender.finish().await.unwrap();
            });
            let (mut got, mut receiver) = (Vec::new(), receiver);
            while let Item::Data(_, bytes) = receiver.next().await {
                got.extend_from_slice(&bytes);
            }
            sending.await.unwrap();
            assert!(got == data);
        }));
    }
    for echo in echoes {
        echo.await.unwrap();
    }
}

#[tokio::test]
async fn lanes_messages_and_half_close_keep_their_order() {
    let (host, _agent, mut incoming) = pair(4);
    let (mut ours, mut theirs) = opened(&host, &mut incoming).await;
    ours.sender.finish().await.unwrap();
    assert_eq!(theirs.receiver.next().await, Item::Finish);
    theirs.sender.send(Lane::Main, b"out").await.unwrap();
    theirs.sender.send(Lane::Err, b"err").await.unwrap();
    theirs.sender.message(&7).await.unwrap();
    theirs.sender.finish().await.unwrap();
    assert_eq!(ours.receiver.next().await, Item::Data(Lane::Main, "out".into()));
    assert_eq!(ours.receiver.next().await, Item::Data(Lane::Err, "err".into()));
    assert_eq!(ours.receiver.next().await, Item::Message("7".into()));
    assert_eq!(ours.receiver.next().await, Item::Finish);
}

#[tokio::test]
async fn a_sender_waits_when_nobody_reads_and_the_others_go_on() {
    let (host, _agent, mut incoming) = pair(4);
    let (mut stuck, mut slow) = opened(&host, &mut incoming).await;
    let sending = tokio::spawn(async move {
        let data = vec![1; 4 * WINDOW];
        stuck.sender.send(Lane::Main, &data).await.unwrap();
        stuck.sender.finish().await.unwrap();
    });
    let (mut quick, mut other) = opened(&host, &mut incoming).await;
    quick.sender.send(Lane::Main, b"passes").await.unwrap();
    assert_eq!(other.receiver.next().await, Item::Data(Lane::Main, "passes".into()));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!sending.is_finished());
    assert_eq!(collect(&mut slow).await.0.len(), 4 * WINDOW);
    sending.await.unwrap();
}

#[tokio::test]
async fn held_data_stays_within_the_window_and_hides_no_message_behind_it() {
    let (host, _agent, mut incoming) = pair(4);
    let (mut ours, mut theirs) = opened(&host, &mut incoming).await;
    let sending = tokio::spawn(async move {
        ours.sender.send(Lane::Main, &vec![1; WINDOW]).await.unwrap();
        ours.sender.message(&"stop").await.unwrap();
        ours.sender.send(Lane::Main, &[2]).await.unwrap();
        ours
    });
    let mut held = Vec::new();
    let message = loop {
        match theirs.receiver.next_held().await {
            Item::Data(_, bytes) => held.push(bytes),
            other => break other,
        }
    };
    assert_eq!(message, Item::Message("\"stop\"".into()));
    assert_eq!(held.iter().map(bytes::Bytes::len).sum::<usize>(), WINDOW);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!sending.is_finished());
    held.iter().for_each(|bytes| theirs.receiver.consumed(bytes));
    assert_eq!(theirs.receiver.next_held().await, Item::Data(Lane::Main, vec![2].into()));
    sending.await.unwrap();
}

#[tokio::test]
async fn a_reset_arrives_as_a_reset_with_its_reason() {
    let (host, _agent, mut incoming) = pair(4);
    let (mut ours, mut theirs) = opened(&host, &mut incoming).await;
    theirs.sender.send(Lane::Main, b"half").await.unwrap();
    let reason = Refusal::new(RefusalCode::NoSpace, "the disk is full");
    theirs.sender.reset(&reason);
    assert_eq!(collect(&mut ours).await, (b"half".to_vec(), vec![], Item::Reset(reason.clone())));
    assert_eq!(ours.sender.send(Lane::Main, b"x").await, Err(reason));
}

#[tokio::test]
async fn a_dropped_stream_is_cancelled_even_at_once_after_its_open() {
    let (host, _agent, mut incoming) = pair(4);
    for _ in 0..100 {
        drop(host.open(&"hello").await.unwrap());
        let (_, mut theirs) = incoming.next().await.unwrap();
        let Item::Reset(reason) = theirs.receiver.next().await else { panic!("not reset") };
        assert_eq!(reason.code, RefusalCode::Cancelled);
    }
}

#[tokio::test]
async fn the_end_of_the_channel_ends_every_stream() {
    let (host, agent, mut incoming) = pair(4);
    let (mut ours, _theirs) = opened(&host, &mut incoming).await;
    agent.close();
    assert_eq!(ours.receiver.next().await, Item::Reset(Refusal::disconnected()));
    assert_eq!(host.ended().await, Ended::Closed);
    assert_eq!(host.open(&"late").await.unwrap_err().code, RefusalCode::Disconnected);
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused_one_by_one() {
    let (host, _agent, mut incoming) = pair(2);
    let _one = opened(&host, &mut incoming).await;
    let two = opened(&host, &mut incoming).await;
    let mut three = host.open(&"hello").await.unwrap();
    let Item::Reset(reason) = three.receiver.next().await else { panic!("accepted") };
    assert_eq!(reason.code, RefusalCode::TooMany);
    drop(two);
    opened(&host, &mut incoming).await;
}

/// A session against a peer that writes whatever it likes.
fn against_a_stranger(side: Side) -> (Session, Incoming, DuplexStream) {
    let (a, b) = tokio::io::duplex(1 << 20);
    let (session, incoming) = Session::start(a, side, BytesMut::new(), 8);
    (session, incoming, b)
}

fn frame(kind: FrameKind, id: u32, payload: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    frame::encode(kind, id, payload, &mut out);
    out
}

async fn ended_by(side: Side, open_first: bool, frames: Vec<BytesMut>) -> Ended {
    let (session, _incoming, mut stranger) = against_a_stranger(side);
    let _stream = if open_first { Some(session.open(&1).await.unwrap()) } else { None };
    for frame in frames {
        stranger.write_all(&frame).await.unwrap();
    }
    tokio::time::timeout(Duration::from_secs(5), session.ended()).await.expect("still alive")
}

#[tokio::test]
async fn breaking_the_protocol_ends_the_session_with_its_name() {
    let too_much = vec![frame(FrameKind::Data, 1, &[0; MAX_DATA]); WINDOW / MAX_DATA + 1];
    assert_eq!(ended_by(Side::Host, true, too_much).await, Violation::WindowExceeded(1).into());
    let tiny = vec![frame(FrameKind::Data, 1, b"x"); WINDOW / 256 + 1];
    assert_eq!(ended_by(Side::Host, true, tiny).await, Violation::WindowExceeded(1).into());
    let credit = frame(FrameKind::Credit, 1, &u32::MAX.to_le_bytes());
    assert_eq!(ended_by(Side::Host, true, vec![credit]).await, Violation::WindowExceeded(1).into());
    let ours = frame(FrameKind::Open, 3, b"{}");
    assert_eq!(ended_by(Side::Host, false, vec![ours]).await, Violation::BadStream(3).into());
    let twice = vec![frame(FrameKind::Open, 2, b"{}"); 2];
    assert_eq!(ended_by(Side::Host, false, twice).await, Violation::BadStream(2).into());
    let garbage = vec![BytesMut::from(&[0xf7; 64][..])];
    assert_eq!(ended_by(Side::Host, false, garbage).await, Violation::UnknownKind(0xf7).into());
}

/// What a stream that is flooded with messages still gives, before the reset that ends it.
async fn messages_before_the_end(flood: Vec<BytesMut>) -> usize {
    let (session, _incoming, mut stranger) = against_a_stranger(Side::Host);
    let mut flooded = session.open(&1).await.unwrap();
    let mut other = session.open(&2).await.unwrap();
    for frame in flood {
        stranger.write_all(&frame).await.unwrap();
    }
    stranger.write_all(&frame(FrameKind::Message, 3, b"9")).await.unwrap();
    assert_eq!(other.receiver.next().await, Item::Message("9".into()), "the others go on");
    let mut messages = 0;
    loop {
        match flooded.receiver.next().await {
            Item::Message(_) => messages += 1,
            Item::Reset(reason) => {
                assert_eq!(reason.code, RefusalCode::TooMany);
                return messages;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_flood_of_messages_ends_its_stream_and_no_other() {
    let tiny = vec![frame(FrameKind::Message, 1, b"{}"); 10_000];
    assert_eq!(messages_before_the_end(tiny).await, 256);
    let large = vec![frame(FrameKind::Message, 1, &[b' '; MAX_MESSAGE]); 100];
    assert_eq!(messages_before_the_end(large).await, 4);
}

#[tokio::test]
async fn an_agents_stream_is_held_to_less_than_the_hosts_own() {
    let open = frame(FrameKind::Open, 2, b"{}");
    let mut too_much = vec![open.clone()];
    too_much.resize(AGENT_WINDOW / MAX_DATA + 2, frame(FrameKind::Data, 2, &[0; MAX_DATA]));
    assert_eq!(ended_by(Side::Host, false, too_much).await, Violation::WindowExceeded(2).into());

    // a few messages, and then the stream is over, and no other
    let (_session, mut incoming, mut stranger) = against_a_stranger(Side::Host);
    stranger.write_all(&open).await.unwrap();
    let (_, mut flooded) = incoming.next().await.unwrap();
    for _ in 0..100 {
        stranger.write_all(&frame(FrameKind::Message, 2, b"{}")).await.unwrap();
    }
    stranger.write_all(&frame(FrameKind::Open, 4, b"{}")).await.unwrap();
    assert!(incoming.next().await.is_some());
    let mut messages = 0;
    while let Item::Message(_) = flooded.receiver.next().await {
        messages += 1;
    }
    assert_eq!(messages, 4);
}

#[tokio::test]
async fn megabytes_pass_on_streams_that_the_agent_opens() {
    let (a, b) = tokio::io::duplex(64 << 10);
    let (_host, mut incoming) = Session::start(a, Side::Host, BytesMut::new(), 8);
    let (agent, _) = Session::start(b, Side::Agent, BytesMut::new(), 0);
    tokio::spawn(async move {
        while let Some((_, stream)) = incoming.next().await {
            let (near, far) = tokio::io::duplex(10_000);
            let (read, write) = tokio::io::split(near);
            tokio::spawn(join(read, write, stream));
            let (mut read, mut write) = tokio::io::split(far);
            tokio::spawn(async move {
                tokio::io::copy(&mut read, &mut write).await.unwrap();
                write.shutdown().await.unwrap();
            });
        }
    });
    for _ in 0..4 {
        let (mut sender, mut receiver) = agent.open(&"echo").await.unwrap().split();
        let sending = tokio::spawn(async move {
            let mut source = &vec![7; 3_000_000][..];
            while sender.send_from(Lane::Main, &mut source).await.unwrap() > 0 {}
            sender.finish().await.unwrap();
            sender
        });
        let mut got = 0;
        while let Item::Data(_, bytes) = receiver.next().await {
            got += bytes.len();
        }
        assert_eq!(got, 3_000_000);
        sending.await.unwrap();
    }
}

#[tokio::test]
async fn streams_of_a_broken_session_say_why() {
    let (session, _incoming, mut stranger) = against_a_stranger(Side::Host);
    let mut stream = session.open(&1).await.unwrap();
    stranger.write_all(&[0xf7; 64]).await.unwrap();
    let Item::Reset(reason) = stream.receiver.next().await else { panic!("not reset") };
    assert_eq!(reason.code, RefusalCode::Disconnected);
    assert!(reason.message.contains("unknown frame kind 247"), "{reason}");
}

#[tokio::test]
async fn a_flood_of_opens_that_never_reads_is_cut_off() {
    let (session, _incoming, mut stranger) = against_a_stranger(Side::Host);
    let flood = tokio::spawn(async move {
        for id in (2..u32::MAX).step_by(2) {
            if stranger.write_all(&frame(FrameKind::Open, id, b"{}")).await.is_err() {
                break;
            }
        }
    });
    let ended = tokio::time::timeout(Duration::from_secs(20), session.ended()).await.unwrap();
    assert_eq!(ended, Violation::Flood.into());
    flood.await.unwrap();
}

#[tokio::test]
async fn frames_for_streams_that_are_gone_do_no_harm() {
    let (session, _incoming, mut stranger) = against_a_stranger(Side::Host);
    for kind in [FrameKind::Data, FrameKind::Message, FrameKind::Finish, FrameKind::Reset] {
        stranger.write_all(&frame(kind, 41, b"")).await.unwrap();
    }
    let mut stream = session.open(&1).await.unwrap();
    let mut head = [0; frame::HEADER];
    stranger.read_exact(&mut head).await.unwrap();
    assert_eq!(head, frame::header(FrameKind::Open, 1, 1));
    stranger.write_all(&frame(FrameKind::Message, 1, b"9")).await.unwrap();
    assert_eq!(stream.receiver.next().await, Item::Message("9".into()));
}
