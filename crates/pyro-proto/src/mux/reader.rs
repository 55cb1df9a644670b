//! Reads the channel and hands each frame to its stream. Never waits for a stream's user: what
//! a stream may hold is bounded by its window, so the queue behind it cannot grow.

use super::{Ended, Item, MAX_WAITING_CONTROL, Shared, Side, Stream, charge, is_the_hosts};
use crate::frame::{self, Frame, FrameKind, Lane, Violation};
use crate::refusal::{Refusal, RefusalCode};
use bytes::{Buf, Bytes, BytesMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncRead, AsyncReadExt, ReadHalf};
use tokio::sync::mpsc;

/// Room that is made at once for what comes, and how little may be left of it: where a channel gives a
/// page at a time, making room before each would cost more than reading.
const READ: usize = 256 << 10;
const LEAST_ROOM: usize = 16 << 10;

pub(super) async fn run<C: AsyncRead>(
    mut channel: ReadHalf<C>,
    mut buffer: BytesMut,
    shared: Arc<Shared>,
    accept: mpsc::Sender<(Bytes, Stream)>,
    max_incoming: usize,
) {
    let reading = async {
        let mut incoming = Accepting { accept, max_incoming, last: 0 };
        loop {
            while let Some(frame) = frame::decode(&mut buffer)? {
                dispatch(&shared, &mut incoming, frame)?;
            }
            if buffer.capacity() - buffer.len() < LEAST_ROOM {
                buffer.reserve(READ);
            }
            match channel.read_buf(&mut buffer).await {
                Ok(0) => return Err::<(), _>(Ended::Closed),
                Ok(_) => {}
                Err(e) => return Err(Ended::Failed(e.to_string())),
            }
        }
    };
    let mut end = shared.end.subscribe();
    let reason = tokio::select! {
        result = reading => result.err().unwrap_or(Ended::Closed),
        _ = end.wait_for(Option::is_some) => return,
    };
    shared.finish_session(reason);
}

struct Accepting {
    accept: mpsc::Sender<(Bytes, Stream)>,
    max_incoming: usize,
    last: u32,
}

fn dispatch(shared: &Arc<Shared>, incoming: &mut Accepting, frame: Frame) -> Result<(), Violation> {
    let id = frame.stream;
    match frame.kind {
        FrameKind::Open => incoming.open(shared, id, frame.payload)?,
        FrameKind::Data => data(shared, id, Lane::Main, frame.payload)?,
        FrameKind::ErrData => data(shared, id, Lane::Err, frame.payload)?,
        FrameKind::Message => message(shared, id, frame.payload),
        FrameKind::Credit => credit(shared, id, frame.payload)?,
        FrameKind::Finish => finish(shared, id),
        FrameKind::Reset => {
            if let Some(entry) = shared.streams().remove(&id) {
                entry.end(Refusal::from_wire(&frame.payload));
            }
        }
    }
    Ok(())
}

impl Accepting {
    fn open(&mut self, shared: &Arc<Shared>, id: u32, request: Bytes) -> Result<(), Violation> {
        let theirs = if shared.side == Side::Host { 0 } else { 1 };
        if id % 2 != theirs || id <= self.last {
            return Err(Violation::BadStream(id));
        }
        self.last = id;
        let open = shared.streams().keys().filter(|id| *id % 2 == theirs).count();
        if open >= self.max_incoming {
            if shared.waiting_control.load(Ordering::Relaxed) > MAX_WAITING_CONTROL {
                return Err(Violation::Flood);
            }
            let refusal = Refusal::new(RefusalCode::TooMany, "too many open streams");
            shared.send_reset(id, &refusal);
            return Ok(());
        }
        if let Ok(stream) = shared.insert(id) {
            // a full queue means that nobody accepts: dropping the stream resets it
            let _ = self.accept.try_send((request, stream));
        }
        Ok(())
    }
}

fn data(shared: &Shared, id: u32, lane: Lane, bytes: Bytes) -> Result<(), Violation> {
    let streams = shared.streams();
    // a stream that we gave up while its data was on the way
    let Some(entry) = streams.get(&id) else { return Ok(()) };
    let charged = charge(bytes.len());
    let window = &entry.flow.receive;
    let paid =
        window.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |w| w.checked_sub(charged));
    if paid.is_err() || entry.they_finished {
        return Err(Violation::WindowExceeded(id));
    }
    let bytes = match is_the_hosts(id) {
        true => bytes,
        // such streams are many and may wait long: a part of the read buffer would keep all of it
        false => Bytes::copy_from_slice(&bytes),
    };
    let _ = entry.inbox.send(Item::Data(lane, bytes));
    Ok(())
}

/// A flood costs the stream only: others of this session may belong to somebody else.
fn message(shared: &Shared, id: u32, bytes: Bytes) {
    let streams = shared.streams();
    let Some(entry) = streams.get(&id) else { return };
    let flow = &entry.flow;
    let waiting = flow.messages.fetch_add(1, Ordering::Relaxed);
    let length = flow.message_bytes.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
    if waiting < flow.terms.messages && length <= flow.terms.message_bytes {
        let _ = entry.inbox.send(Item::Message(bytes));
        return;
    }
    drop(streams);
    shared.abort(id, &Refusal::new(RefusalCode::TooMany, "flooded with messages"));
}

fn credit(shared: &Shared, id: u32, mut payload: Bytes) -> Result<(), Violation> {
    let streams = shared.streams();
    let Some(entry) = streams.get(&id) else { return Ok(()) };
    let grant = payload.try_get_u32_le().map_or(0, |g| g as usize);
    let window = entry.flow.terms.window;
    if grant > window || entry.flow.send.available_permits() + grant > window {
        return Err(Violation::WindowExceeded(id));
    }
    entry.flow.send.add_permits(grant);
    Ok(())
}

fn finish(shared: &Shared, id: u32) {
    let mut streams = shared.streams();
    let Some(entry) = streams.get_mut(&id) else { return };
    if !std::mem::replace(&mut entry.they_finished, true) {
        let _ = entry.inbox.send(Item::Finish);
    }
    if entry.we_finished {
        streams.remove(&id);
    }
}
