//! A whole session against a peer that sends any bytes, or any frames in any order, and then goes.
//! The session must end, every stream must end with it, and what waits for a reader that never comes
//! must stay within the limits.

use bytes::{BufMut, BytesMut};
use pyro_proto::frame::{self, FrameKind, Lane, MAX_DATA, MAX_MESSAGE};
use pyro_proto::mux::{Incoming, Item, Receiver, Session, Side, Stream, WINDOW};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

/// Streams that the peer may have open.
const MAX_INCOMING: usize = 4;
/// What may wait in messages on one stream: the limit of `pyro_proto::mux`.
const MAX_WAITING: usize = 4 * MAX_MESSAGE;

/// The first byte chooses the side and how the others are read.
pub fn meet(input: &[u8]) {
    let Some((choice, rest)) = input.split_first() else { return };
    let side = if choice & 1 == 0 { Side::Host } else { Side::Agent };
    let sent = if choice & 2 == 0 { BytesMut::from(rest) } else { frames(rest) };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(survive(side, &sent));
}

/// The longest conversation that is made of frames: more than every limit of one stream.
const MAX_SENT: usize = 6 << 20;

/// Four bytes make a frame: kind, stream, and length with its unit, which is mostly one byte.
fn frames(script: &[u8]) -> BytesMut {
    let mut sent = BytesMut::new();
    for step in script.chunks_exact(4) {
        if sent.len() > MAX_SENT {
            break;
        }
        let length = usize::from(step[2]) << (step[3] % 64).saturating_sub(51);
        let (kind, limit) = match step[0] % 7 {
            0 => (FrameKind::Data, MAX_DATA),
            1 => (FrameKind::ErrData, MAX_DATA),
            2 => (FrameKind::Message, MAX_MESSAGE),
            3 => (FrameKind::Open, MAX_MESSAGE),
            4 => (FrameKind::Finish, 0),
            5 => (FrameKind::Reset, MAX_MESSAGE),
            _ => (FrameKind::Credit, 4),
        };
        let stream = u32::from(step[1] % 8);
        if kind == FrameKind::Credit {
            let grant = u32::try_from(length).unwrap_or(u32::MAX);
            frame::encode(kind, stream, &grant.to_le_bytes(), &mut sent);
        } else {
            let length = length.min(limit);
            sent.put_slice(&frame::header(kind, stream, length));
            sent.put_bytes(step[3], length);
        }
    }
    sent
}

async fn survive(side: Side, sent: &[u8]) {
    let (channel, peer) = tokio::io::duplex(64 << 10);
    let (session, incoming) = Session::start(channel, side, BytesMut::new(), MAX_INCOMING);
    let read = session.open(&"read").await.expect("a stream");
    let unread = session.open(&"unread").await.expect("a stream");
    let (mut from_session, mut to_session) = tokio::io::split(peer);
    let peer = async {
        // the session may have had enough
        let _ = to_session.write_all(sent).await;
        let _ = to_session.shutdown().await;
    };
    let (_, _, data, (), _) = tokio::join!(
        peer,
        drain(&mut from_session),
        read_to_the_end(read),
        answer(incoming),
        session.ended(),
    );
    assert!(data <= sent.len(), "data from nowhere");
    held_is_bounded(unread.receiver).await;
    assert!(session.open(&"late").await.is_err());
}

async fn drain(from: &mut (impl AsyncRead + Unpin)) {
    let mut ignored = [0; 4096];
    while let Ok(1..) = from.read(&mut ignored).await {}
}

/// How many bytes of data came before the stream's end.
async fn read_to_the_end(mut stream: Stream) -> usize {
    let mut data = 0;
    loop {
        match stream.receiver.next().await {
            Item::Data(_, bytes) => data += bytes.len(),
            Item::Message(_) | Item::Finish => {}
            Item::Reset(_) => return data,
        }
    }
}

/// Accepts what the peer opens, answers with a word each, and keeps every other one.
async fn answer(mut incoming: Incoming) {
    let mut kept = Vec::new();
    let mut count = 0;
    while let Some((request, mut stream)) = incoming.next().await {
        assert!(request.len() <= MAX_MESSAGE);
        count += 1;
        let _ = stream.sender.send(Lane::Main, b"answer").await;
        if count % 2 == 0 {
            kept.push(stream);
        }
        assert!(kept.len() <= count);
    }
}

async fn held_is_bounded(mut unread: Receiver) {
    let (mut data, mut messages) = (0, 0);
    loop {
        match unread.next_held().await {
            Item::Data(_, bytes) => data += bytes.len(),
            Item::Message(json) => messages += json.len(),
            Item::Finish => {}
            Item::Reset(_) => break,
        }
    }
    assert!(data <= WINDOW, "{data} bytes waited, the window is {WINDOW}");
    assert!(messages <= MAX_WAITING, "{messages} bytes of messages waited");
}
