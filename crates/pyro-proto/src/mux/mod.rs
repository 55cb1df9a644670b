//! Many streams over one byte channel: own framing, because a reset must arrive as a reset and a
//! hostile peer must never decide how much memory its receiver uses (the well-kept alternative,
//! yamux, does neither). Each stream has a window per direction, of [`WINDOW`] bytes or
//! [`AGENT_WINDOW`]; what the receiver has not consumed is never more than that.

mod content;
mod join;
mod reader;
mod stream;
mod writer;

pub use content::{Content, Feed, content};
pub use join::{Joined, Moved, join};

pub use stream::{Item, Messenger, Receiver, Sender, Stream};

use crate::frame::{self, FrameKind, Violation};
use crate::refusal::{Refusal, RefusalCode};
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, watch};

/// Charged bytes that a sender may have on the way per direction of a stream that the host opened.
pub const WINDOW: usize = 512 << 10;
/// The same for a stream that the agent opened: a guest may open many towards readers that never
/// read. Twice the longest frame, so that one is on its way while another is consumed.
pub const AGENT_WINDOW: usize = 2 * frame::MAX_DATA;
/// A data frame is charged at least so many bytes, so that tiny frames cannot multiply memory.
const MIN_CHARGE: usize = 256;
/// Resets and credits that may wait for the channel.
const MAX_WAITING_CONTROL: usize = 4096;

/// What either side of a stream may make the other keep. Who opened it decides, and both know that
/// from its id.
#[derive(Debug)]
struct Terms {
    /// See [`WINDOW`].
    window: usize,
    /// JSON messages that may wait for their reader.
    messages: usize,
    /// Bytes of such messages: they have no window, content that is longer goes over a lane.
    message_bytes: usize,
}

const HOST_OPENED: Terms =
    Terms { window: WINDOW, messages: 256, message_bytes: 4 * frame::MAX_MESSAGE };
const AGENT_OPENED: Terms = Terms { window: AGENT_WINDOW, messages: 4, message_bytes: 16 << 10 };

fn is_the_hosts(id: u32) -> bool {
    id % 2 == 1
}

fn terms(id: u32) -> &'static Terms {
    if is_the_hosts(id) { &HOST_OPENED } else { &AGENT_OPENED }
}

fn charge(length: usize) -> usize {
    length.max(MIN_CHARGE)
}

/// Which end this is: ids of streams that the host opens are odd, the agent's even.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The host, or whoever connected.
    Host,
    /// The agent, or whoever accepted.
    Agent,
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The channel reached its end.
    #[error("the other side closed the channel")]
    Closed,
    /// The channel failed.
    #[error("the channel failed: {0}")]
    Failed(String),
    /// The peer broke the protocol.
    #[error("the other side broke the protocol: {0}")]
    Violation(#[from] Violation),
}

/// Opens streams. Cheap to clone; the session lives until its channel ends or
/// [`Session::close`] is called.
#[derive(Debug, Clone)]
pub struct Session {
    shared: Arc<Shared>,
    ended: watch::Receiver<Option<Ended>>,
}

/// The streams that the other side opens.
#[derive(Debug)]
pub struct Incoming(mpsc::Receiver<(Bytes, Stream)>);

impl Incoming {
    /// The next one with its request (JSON); `None` after the session's end.
    pub async fn next(&mut self) -> Option<(Bytes, Stream)> {
        self.0.recv().await
    }
}

#[derive(Debug)]
struct Shared {
    side: Side,
    next_id: Mutex<u32>,
    streams: Mutex<HashMap<u32, Entry>>,
    /// Data in order; bounded, so that senders wait for the channel.
    ordered: mpsc::Sender<BytesMut>,
    /// Credits and resets, which overtake waiting data (a reset only if it may, see the writer).
    control: mpsc::UnboundedSender<Control>,
    waiting_control: AtomicUsize,
    end: watch::Sender<Option<Ended>>,
}

/// A frame that does not wait behind data.
#[derive(Debug)]
enum Control {
    /// Overtakes everything.
    Credit(BytesMut),
    /// Overtakes nothing that was queued before it: its own stream's `Open` may be there.
    Reset(BytesMut),
}

/// What the session knows about an open stream.
#[derive(Debug)]
struct Entry {
    flow: Arc<Flow>,
    inbox: mpsc::UnboundedSender<Item>,
    we_finished: bool,
    they_finished: bool,
}

/// The windows of one stream, shared by session and halves.
#[derive(Debug)]
struct Flow {
    terms: &'static Terms,
    /// Charged bytes we may still send.
    send: Semaphore,
    /// Charged bytes the other side may still send.
    receive: AtomicUsize,
    /// Messages waiting for our reader.
    messages: AtomicUsize,
    /// Bytes of these messages.
    message_bytes: AtomicUsize,
    /// Why the stream is over, once it is.
    refusal: OnceLock<Refusal>,
}

impl Session {
    /// Starts a session over a channel whose handshake is done, on the current tokio runtime.
    /// `early` are bytes already read; the other side may have `max_incoming` streams open.
    pub fn start<C>(
        channel: C,
        side: Side,
        early: BytesMut,
        max_incoming: usize,
    ) -> (Self, Incoming)
    where
        C: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (read, write) = tokio::io::split(channel);
        let (ordered, ordered_queue) = mpsc::channel(16);
        let (control, control_queue) = mpsc::unbounded_channel();
        let (accept, incoming) = mpsc::channel(max_incoming.max(1));
        let (end, ended) = watch::channel(None);
        let shared = Arc::new(Shared {
            side,
            next_id: Mutex::new(if side == Side::Host { 1 } else { 2 }),
            streams: Mutex::default(),
            ordered,
            control,
            waiting_control: AtomicUsize::new(0),
            end,
        });
        tokio::spawn(reader::run(read, early, shared.clone(), accept, max_incoming));
        tokio::spawn(writer::run(write, ordered_queue, control_queue, shared.clone()));
        (Self { shared, ended }, Incoming(incoming))
    }

    /// Opens a stream with `request` as its first word.
    ///
    /// # Errors
    /// [`RefusalCode::Disconnected`] after the session's end, [`RefusalCode::Invalid`] if the request
    /// is longer than [`frame::MAX_MESSAGE`].
    pub async fn open(&self, request: &impl Serialize) -> Result<Stream, Refusal> {
        let payload = json(request)?;
        let place = self.shared.ordered.reserve().await.map_err(|_| Refusal::disconnected())?;
        // id and place in the queue belong together: the other side expects rising ids
        let mut next_id = self.shared.next_id.lock().unwrap_or_else(PoisonError::into_inner);
        let id = *next_id;
        *next_id = id.checked_add(2).ok_or_else(|| {
            Refusal::new(RefusalCode::TooMany, "this session has used up its stream ids")
        })?;
        let stream = self.shared.insert(id)?;
        let mut frame = BytesMut::new();
        frame::encode(FrameKind::Open, id, &payload, &mut frame);
        place.send(frame);
        Ok(stream)
    }

    /// Ends the session: every stream ends as disconnected, and the channel is dropped.
    pub fn close(&self) {
        self.shared.finish_session(Ended::Closed);
    }

    /// Waits for the session's end.
    pub async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or(Ended::Closed),
            Err(_) => Ended::Closed,
        }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    let bytes =
        serde_json::to_vec(value).map_err(|e| Refusal::new(RefusalCode::Invalid, e.to_string()))?;
    if bytes.len() > frame::MAX_MESSAGE {
        let message =
            format!("a message of {} bytes, the limit is {}", bytes.len(), frame::MAX_MESSAGE);
        return Err(Refusal::new(RefusalCode::Invalid, message));
    }
    Ok(bytes)
}

impl Shared {
    fn streams(&self) -> MutexGuard<'_, HashMap<u32, Entry>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    fn insert(self: &Arc<Self>, id: u32) -> Result<Stream, Refusal> {
        let (inbox, items) = mpsc::unbounded_channel();
        let terms = terms(id);
        let flow = Arc::new(Flow {
            terms,
            send: Semaphore::new(terms.window),
            receive: AtomicUsize::new(terms.window),
            messages: AtomicUsize::new(0),
            message_bytes: AtomicUsize::new(0),
            refusal: OnceLock::new(),
        });
        let entry = Entry { flow: flow.clone(), inbox, we_finished: false, they_finished: false };
        {
            let mut streams = self.streams();
            if self.has_ended() {
                return Err(Refusal::disconnected());
            }
            streams.insert(id, entry);
        }
        Ok(Stream::new(id, self.clone(), flow, items))
    }

    async fn send_ordered(&self, kind: FrameKind, id: u32, payload: &[u8]) -> Result<(), Refusal> {
        let mut frame = BytesMut::new();
        frame::encode(kind, id, payload, &mut frame);
        self.ordered.send(frame).await.map_err(|_| Refusal::disconnected())
    }

    fn send_control(&self, kind: FrameKind, id: u32, payload: &[u8]) {
        let mut frame = BytesMut::new();
        frame::encode(kind, id, payload, &mut frame);
        self.waiting_control.fetch_add(1, Ordering::Relaxed);
        // after the session's end nobody listens, and nobody needs to
        let _ = self.control.send(match kind {
            FrameKind::Reset => Control::Reset(frame),
            _ => Control::Credit(frame),
        });
    }

    fn send_reset(&self, id: u32, refusal: &Refusal) {
        let payload = serde_json::to_vec(refusal).unwrap_or_default();
        self.send_control(FrameKind::Reset, id, &payload);
    }

    /// Our side gives the stream up.
    fn abort(&self, id: u32, refusal: &Refusal) {
        if let Some(entry) = self.streams().remove(&id) {
            entry.end(refusal.clone());
            self.send_reset(id, refusal);
        }
    }

    fn finish_session(&self, reason: Ended) {
        let refusal = match &reason {
            Ended::Closed => Refusal::disconnected(),
            reason => Refusal::new(RefusalCode::Disconnected, reason.to_string()),
        };
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            end.get_or_insert(reason);
            first
        });
        let streams: Vec<Entry> = self.streams().drain().map(|(_, entry)| entry).collect();
        for entry in streams {
            entry.end(refusal.clone());
        }
    }
}

impl Entry {
    fn end(self, refusal: Refusal) {
        let _ = self.flow.refusal.set(refusal.clone());
        self.flow.send.close();
        // a receiver that is gone needs no word
        let _ = self.inbox.send(Item::Reset(refusal));
    }
}
