//! What the host says to a running command: its stdin, and signals. Signals and cancellation are seen
//! even while the command does not read its stdin.

use crate::scope::Scope;
use bytes::{Buf, Bytes};
use pyro_proto::Refusal;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver};
use pyro_proto::request::ExecControl;
use rustix::process::{Pid, Signal};
use std::collections::VecDeque;
use std::io;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;

/// Passes stdin and signals on until the host gives the command up; returns why.
pub(super) async fn obey(
    receiver: &mut Receiver,
    stdin: Option<pipe::Sender>,
    group: Pid,
    scope: &Scope<'_>,
) -> Refusal {
    let mut input = Input::into_pipe(stdin);
    loop {
        tokio::select! {
            item = receiver.next_held() => match item {
                Item::Data(Lane::Main, data) if input.is_open() => input.push(data),
                // nobody reads it
                Item::Data(_, data) => receiver.consumed(&data),
                Item::Message(message) => tell(&message, group, scope).await,
                Item::Finish => input.complete = true,
                Item::Reset(refusal) => return refusal,
            },
            written = input.write() => match written {
                Ok(Some(piece)) => receiver.consumed(&piece),
                Ok(None) => {}
                Err(_) => input.abandon(receiver),
            },
        }
        input.close_if_complete();
    }
}

/// What is still to be read by whoever is behind `pipe`; bounded by the stream's window, as it stays
/// unpaid.
#[derive(Debug)]
pub(crate) struct Input<W> {
    pipe: Option<W>,
    waiting: VecDeque<Piece>,
    complete: bool,
}

#[derive(Debug)]
struct Piece {
    whole: Bytes,
    rest: Bytes,
}

impl<W: AsyncWrite + Unpin> Input<W> {
    pub(crate) fn into_pipe(pipe: Option<W>) -> Self {
        Self { pipe, waiting: VecDeque::new(), complete: false }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    pub(crate) fn push(&mut self, data: Bytes) {
        self.waiting.push_back(Piece { rest: data.clone(), whole: data });
    }

    /// Writes some more, once there is something and the pipe takes it; returns a piece that is through.
    pub(crate) async fn write(&mut self) -> io::Result<Option<Bytes>> {
        let (Some(pipe), Some(piece)) = (&mut self.pipe, self.waiting.front_mut()) else {
            return std::future::pending().await;
        };
        let written = pipe.write(&piece.rest).await?;
        piece.rest.advance(written);
        let through = piece.rest.is_empty().then(|| self.waiting.pop_front()).flatten();
        Ok(through.map(|piece| piece.whole))
    }

    /// Nobody reads any more, which is their right.
    pub(crate) fn abandon(&mut self, receiver: &mut Receiver) {
        self.pipe = None;
        self.waiting.drain(..).for_each(|piece| receiver.consumed(&piece.whole));
    }

    fn close_if_complete(&mut self) {
        if self.complete && self.waiting.is_empty() {
            self.pipe = None;
        }
    }
}

/// A word that cannot be read, and a signal to a command that has just ended, are nobody's error.
async fn tell(message: &[u8], group: Pid, scope: &Scope<'_>) {
    match serde_json::from_slice(message) {
        Ok(ExecControl::Signal { signal }) => {
            if let Some(signal) = Signal::from_named_raw(signal) {
                let _ = rustix::process::kill_process_group(group, signal);
            }
        }
        Ok(ExecControl::Kill) => scope.kill().await,
        Err(_) => {}
    }
}
