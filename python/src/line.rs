//! The line between a call's own thread, which works, and the thread of Python that waits for it: what is
//! told while it works, how it ended, and that it is to end.

use crate::bell::Bell;
use pyro::Report;
use pyro::event::Event;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// So many bytes wait to be taken; then the command waits.
const ROOM: usize = 1 << 20;
/// What a message takes beside its bytes, so that many tiny ones count too.
const ENVELOPE: usize = 64;

/// What is told while a call works.
#[derive(Debug)]
pub(crate) struct Message {
    /// `stdout`, `stderr`, `warning` or `step`.
    pub(crate) what: &'static str,
    /// Output as it is, the others as UTF-8.
    pub(crate) bytes: Vec<u8>,
}

/// How a call ended: its result as JSON, or why there is none.
pub(crate) type Outcome = Result<String, Report>;

/// Why the work of a call broke off.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nobody wants it any more.
    Cancelled,
    /// Something went wrong.
    Failed(pyro::Error),
}

impl<E: Into<pyro::Error>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

#[derive(Debug, Default)]
struct Inbox {
    messages: VecDeque<Message>,
    /// The bytes of the messages.
    waiting: usize,
    outcome: Option<Outcome>,
}

/// Shared by the two.
#[derive(Debug)]
pub(crate) struct Line {
    bell: Bell,
    inbox: Mutex<Inbox>,
    taken: Notify,
    cancelled: CancellationToken,
}

impl Line {
    pub(crate) fn new() -> io::Result<Self> {
        let (inbox, taken) = (Mutex::default(), Notify::new());
        Ok(Self { bell: Bell::new()?, inbox, taken, cancelled: CancellationToken::new() })
    }

    /// Rings when there is something to take.
    pub(crate) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Takes what was told since the last time.
    pub(crate) fn take(&self) -> VecDeque<Message> {
        self.bell.silence();
        let messages = {
            let mut inbox = self.inbox();
            inbox.waiting = 0;
            std::mem::take(&mut inbox.messages)
        };
        self.taken.notify_one();
        messages
    }

    /// How the call ended, if it has and all that it told was taken.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let inbox = self.inbox();
        inbox.outcome.clone().filter(|_| inbox.messages.is_empty())
    }

    /// Asks the work to break off.
    pub(crate) fn cancel(&self) {
        self.cancelled.cancel();
        // nobody takes any more
        self.taken.notify_one();
    }

    /// Done when the work is to break off.
    pub(crate) async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// Does `work`, which is dropped where the call is cancelled meanwhile.
    pub(crate) async fn unless_cancelled<T>(
        &self,
        work: impl Future<Output = T>,
    ) -> Result<T, Broken> {
        tokio::select! {
            done = work => Ok(done),
            () = self.cancelled() => Err(Broken::Cancelled),
        }
    }

    /// Passes on what a command wrote, and waits while too much of it was not taken yet.
    pub(crate) async fn output(&self, what: &'static str, bytes: &[u8]) {
        self.tell(Message { what, bytes: bytes.to_owned() });
        while !self.cancelled.is_cancelled() && self.inbox().waiting > ROOM {
            self.taken.notified().await;
        }
    }

    /// Passes on what happens meanwhile. How far a step is would only flood the line.
    pub(crate) fn observe(&self, event: Event) {
        let (what, text) = match event {
            Event::Warning(text) => ("warning", text),
            Event::Started { what } => ("step", what),
            _ => return,
        };
        self.tell(Message { what, bytes: text.into_bytes() });
    }

    /// The last word.
    pub(crate) fn end(&self, outcome: Outcome) {
        self.inbox().outcome = Some(outcome);
        self.bell.ring();
    }

    fn tell(&self, message: Message) {
        {
            let mut inbox = self.inbox();
            inbox.waiting += message.bytes.len() + ENVELOPE;
            inbox.messages.push_back(message);
        }
        self.bell.ring();
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
