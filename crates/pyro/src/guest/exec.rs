//! A running command: its output as it comes, its stdin, signals, and its end.

use super::GuestError;
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Messenger, Receiver, Sender, Stream};
use pyro_proto::request::{ExecControl, ExecExit};
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::time::Instant;

/// One thing that a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Bytes on stdout, at most 64 KiB.
    Stdout(Bytes),
    /// Bytes on stderr, at most 64 KiB.
    Stderr(Bytes),
    /// It ended; nothing follows.
    Exited(ExecExit),
}

/// A command that runs in a guest. Dropping it before its end kills the command and everything
/// it started.
#[derive(Debug)]
pub struct Execution {
    receiver: Receiver,
    messenger: Messenger,
    stdin: Option<ExecStdin>,
    overdue: Option<Instant>,
}

/// How much longer than the command's own time limit its guest may take to report the end. An
/// emulated guest under load needs a moment to kill what the command started.
const GRACE: Duration = Duration::from_secs(10);

/// The stdin of a running command. Dropping it without [`ExecStdin::close`] kills the command.
#[derive(Debug)]
pub struct ExecStdin(Sender);

/// Sends signals to a running command, from anywhere.
#[derive(Debug, Clone)]
pub struct Signaller(Messenger);

impl Execution {
    /// Over a stream that was opened with [`pyro_proto::request::Request::Exec`]; `stdin` and `limit`
    /// as in that request. The guest enforces the limit, and this side that the guest does.
    ///
    /// # Errors
    /// [`GuestError`] when the machine is gone.
    pub async fn new(stream: Stream, stdin: bool, limit: Option<Duration>) -> crate::Result<Self> {
        let (mut sender, receiver) = stream.split();
        let messenger = sender.messenger();
        let stdin = if stdin {
            Some(ExecStdin(sender))
        } else {
            sender.finish().await.map_err(GuestError::from)?;
            None
        };
        let overdue =
            limit.and_then(|limit| Instant::now().checked_add(limit.saturating_add(GRACE)));
        Ok(Self { receiver, messenger, stdin, overdue })
    }

    /// The command's stdin, once, if the request asked for it.
    pub fn take_stdin(&mut self) -> Option<ExecStdin> {
        self.stdin.take()
    }

    /// What sends signals while [`Execution::next`] waits.
    #[must_use]
    pub fn signaller(&self) -> Signaller {
        Signaller(self.messenger.clone())
    }

    /// Sends a Linux signal (1 to 31) to the command's process group.
    ///
    /// # Errors
    /// [`GuestError`] when the command is over.
    pub async fn signal(&mut self, signal: i32) -> crate::Result<()> {
        self.signaller().send(signal).await
    }

    /// The next thing the command does. Nothing is lost when this future is dropped.
    ///
    /// # Errors
    /// [`GuestError`] if the command could not be started or the machine is gone.
    pub async fn next(&mut self) -> crate::Result<Output> {
        let next = self.receiver.next();
        let item = match self.overdue {
            None => next.await,
            Some(at) => tokio::time::timeout_at(at, next).await.map_err(|_| GuestError::Overdue)?,
        };
        match item {
            Item::Data(Lane::Main, bytes) => Ok(Output::Stdout(bytes)),
            Item::Data(Lane::Err, bytes) => Ok(Output::Stderr(bytes)),
            Item::Message(json) => serde_json::from_slice(&json)
                .map(Output::Exited)
                .map_err(|_| GuestError::Nonsense("an exit message that cannot be read").into()),
            Item::Finish => {
                Err(GuestError::Nonsense("the command's stream ended without its exit").into())
            }
            Item::Reset(refusal) => Err(GuestError::from(refusal).into()),
        }
    }
}

impl ExecStdin {
    /// Sends bytes, waiting while the command does not read.
    ///
    /// # Errors
    /// [`GuestError`] when the command is over.
    pub async fn send(&mut self, bytes: &[u8]) -> crate::Result<()> {
        Ok(self.0.send(Lane::Main, bytes).await.map_err(GuestError::from)?)
    }

    /// Reads once from `source` and sends that; returns how many bytes, 0 at the source's end.
    ///
    /// # Errors
    /// [`GuestError`] when the command is over, or why the source failed.
    pub async fn send_from<R: AsyncRead + Unpin>(
        &mut self,
        source: &mut R,
    ) -> crate::Result<usize> {
        Ok(self.0.send_from(Lane::Main, source).await.map_err(GuestError::from)?)
    }

    /// Closes it: the command reads end of file.
    ///
    /// # Errors
    /// [`GuestError`] when the machine is gone.
    pub async fn close(mut self) -> crate::Result<()> {
        Ok(self.0.finish().await.map_err(GuestError::from)?)
    }
}

impl Signaller {
    /// Sends a Linux signal (1 to 31) to the command's process group.
    ///
    /// # Errors
    /// [`GuestError`] when the command is over.
    pub async fn send(&self, signal: i32) -> crate::Result<()> {
        Ok(self.0.send(&ExecControl::Signal { signal }).await.map_err(GuestError::from)?)
    }
}
