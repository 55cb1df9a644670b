//! The two halves of a stream, as its user sees them.

use super::{Flow, Shared, charge, json};
use crate::frame::{self, FrameKind, Lane};
use crate::refusal::{Refusal, RefusalCode};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

/// One thing that arrived on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Bytes on a lane, at most [`frame::MAX_DATA`].
    Data(Lane, Bytes),
    /// A JSON message, at most [`frame::MAX_MESSAGE`].
    Message(Bytes),
    /// The other side has no more bytes; only messages or a reset can follow.
    Finish,
    /// The stream is over; nothing follows.
    Reset(Refusal),
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    /// Sends towards the other side.
    pub sender: Sender,
    /// Receives from it.
    pub receiver: Receiver,
}

impl Stream {
    pub(super) fn new(
        id: u32,
        shared: Arc<Shared>,
        flow: Arc<Flow>,
        items: mpsc::UnboundedReceiver<Item>,
    ) -> Self {
        let half = Half { id, shared, flow, done: false };
        let sender = Sender { half: half.twin(false), scratch: BytesMut::new() };
        Self { sender, receiver: Receiver { half, items, owed: 0 } }
    }

    /// Both halves, to be used at the same time.
    #[must_use]
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }
}

/// What both halves share; dropping a half that is not done resets the stream.
#[derive(Debug)]
struct Half {
    id: u32,
    shared: Arc<Shared>,
    flow: Arc<Flow>,
    done: bool,
}

impl Half {
    /// The same stream; a twin that is `done` may be dropped without a word.
    fn twin(&self, done: bool) -> Self {
        Self { id: self.id, shared: self.shared.clone(), flow: self.flow.clone(), done }
    }

    async fn message(&self, message: &[u8]) -> Result<(), Refusal> {
        if let Some(refusal) = self.flow.refusal.get() {
            return Err(refusal.clone());
        }
        self.shared.send_ordered(FrameKind::Message, self.id, message).await
    }

    fn refusal(&self) -> Refusal {
        self.flow.refusal.get().cloned().unwrap_or_else(Refusal::disconnected)
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        if !self.done {
            self.shared.abort(self.id, &Refusal::new(RefusalCode::Cancelled, "cancelled"));
        }
    }
}

/// Sends messages on a stream whose [`Sender`] is busy elsewhere. Dropping it changes nothing.
#[derive(Debug)]
pub struct Messenger(Half);

impl Clone for Messenger {
    fn clone(&self) -> Self {
        Self(self.0.twin(true))
    }
}

impl Messenger {
    /// Sends a JSON message.
    ///
    /// # Errors
    /// Why the stream is over, or that the message is too long.
    pub async fn send(&self, message: &impl Serialize) -> Result<(), Refusal> {
        self.0.message(&json(message)?).await
    }

    /// Sends a message that is JSON already, as a relay does.
    ///
    /// # Errors
    /// Why the stream is over.
    pub async fn send_bytes(&self, message: &[u8]) -> Result<(), Refusal> {
        self.0.message(message).await
    }
}

/// The sending half. Dropping it before [`Sender::finish`] resets the stream.
#[derive(Debug)]
pub struct Sender {
    half: Half,
    scratch: BytesMut,
}

impl Sender {
    /// Sends bytes on a lane, waiting for the window.
    ///
    /// # Errors
    /// Why the stream is over.
    pub async fn send(&mut self, lane: Lane, data: &[u8]) -> Result<(), Refusal> {
        for chunk in data.chunks(frame::MAX_DATA) {
            self.reserve(charge(chunk.len())).await?;
            self.half.shared.send_ordered(kind(lane), self.half.id, chunk).await?;
        }
        Ok(())
    }

    /// Reads once from `source` and sends what came. Returns how many bytes; 0 is the end of the
    /// source, which sends nothing. Waits for the window before it reads.
    ///
    /// # Errors
    /// Why the stream is over, or why the source failed.
    pub async fn send_from<R: AsyncRead + Unpin>(
        &mut self,
        lane: Lane,
        source: &mut R,
    ) -> Result<usize, Refusal> {
        self.reserve(frame::MAX_DATA).await?;
        self.scratch.reserve(frame::HEADER + frame::MAX_DATA);
        self.scratch.put_slice(&[0; frame::HEADER]);
        let read = source.read_buf(&mut (&mut self.scratch).limit(frame::MAX_DATA)).await;
        let n = *read.as_ref().unwrap_or(&0);
        let used = if n == 0 { 0 } else { charge(n) };
        self.half.flow.send.add_permits(frame::MAX_DATA - used);
        if n == 0 {
            self.scratch.clear();
            return read.map_err(|e| Refusal::from_io("read", &e));
        }
        let mut frame = self.scratch.split();
        if let Some(head) = frame.get_mut(..frame::HEADER) {
            head.copy_from_slice(&frame::header(kind(lane), self.half.id, n));
        }
        let sent = self.half.shared.ordered.send(frame).await;
        sent.map(|()| n).map_err(|_| self.half.refusal())
    }

    /// Sends a JSON message, after everything sent before.
    ///
    /// # Errors
    /// Why the stream is over, or that the message is too long.
    pub async fn message(&mut self, message: &impl Serialize) -> Result<(), Refusal> {
        self.half.message(&json(message)?).await
    }

    /// Sends a message that is JSON already, as a relay does.
    ///
    /// # Errors
    /// Why the stream is over.
    pub async fn message_bytes(&mut self, message: &[u8]) -> Result<(), Refusal> {
        self.half.message(message).await
    }

    /// What sends messages while this half waits for its window, and after its finish.
    #[must_use]
    pub fn messenger(&self) -> Messenger {
        Messenger(self.half.twin(true))
    }

    /// Says that no more bytes will be sent. The other direction goes on.
    ///
    /// # Errors
    /// Why the stream is over.
    pub async fn finish(&mut self) -> Result<(), Refusal> {
        if self.half.done {
            return Ok(());
        }
        self.half.shared.send_ordered(FrameKind::Finish, self.half.id, &[]).await?;
        self.half.done = true;
        let mut streams = self.half.shared.streams();
        if let Some(entry) = streams.get_mut(&self.half.id) {
            entry.we_finished = true;
            if entry.they_finished {
                streams.remove(&self.half.id);
            }
        }
        Ok(())
    }

    /// Ends the stream in both directions, with a reason for the other side.
    pub fn reset(mut self, refusal: &Refusal) {
        self.half.done = true;
        self.half.shared.abort(self.half.id, refusal);
    }

    async fn reserve(&self, charged: usize) -> Result<(), Refusal> {
        let permits = u32::try_from(charged).unwrap_or(u32::MAX);
        match self.half.flow.send.acquire_many(permits).await {
            Ok(permit) => {
                permit.forget();
                Ok(())
            }
            Err(_) => Err(self.half.refusal()),
        }
    }
}

fn kind(lane: Lane) -> FrameKind {
    match lane {
        Lane::Main => FrameKind::Data,
        Lane::Err => FrameKind::ErrData,
    }
}

/// The receiving half. Dropping it before the other side's finish resets the stream.
#[derive(Debug)]
pub struct Receiver {
    half: Half,
    items: mpsc::UnboundedReceiver<Item>,
    owed: usize,
}

impl Receiver {
    /// The next item. After [`Item::Reset`] nothing follows, after [`Item::Finish`] only messages
    /// or a reset; once both sides have finished, the answer is a reset as disconnected. Asking for
    /// the next item says that the last one is consumed.
    pub async fn next(&mut self) -> Item {
        if self.owed >= self.half.flow.terms.window / 4 {
            self.pay();
        }
        let item = self.next_held().await;
        if let Item::Data(_, bytes) = &item {
            self.owed += charge(bytes.len());
        }
        item
    }

    /// The next item, whose data still counts against the window until it is given to
    /// [`Receiver::consumed`]. So a receiver may keep asking, and see messages and a reset behind data
    /// that it cannot pass on yet, while what it holds stays below the stream's window.
    pub async fn next_held(&mut self) -> Item {
        let item = match self.items.recv().await {
            Some(item) => item,
            None => Item::Reset(self.half.refusal()),
        };
        match &item {
            Item::Data(..) => {}
            Item::Message(bytes) => {
                self.half.flow.messages.fetch_sub(1, Ordering::Relaxed);
                self.half.flow.message_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
            }
            Item::Finish | Item::Reset(_) => self.half.done = true,
        }
        item
    }

    /// Says that the data of one item of [`Receiver::next_held`] is consumed.
    pub fn consumed(&mut self, data: &[u8]) {
        self.owed += charge(data.len());
        if self.owed >= self.half.flow.terms.window / 4 {
            self.pay();
        }
    }

    fn pay(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        self.half.flow.receive.fetch_add(owed, Ordering::Relaxed);
        let grant = u32::try_from(owed).unwrap_or(u32::MAX);
        self.half.shared.send_control(FrameKind::Credit, self.half.id, &grant.to_le_bytes());
    }
}
