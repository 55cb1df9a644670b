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
    /// When the guest should have ended the command.
    due: Option<Instant>,
    /// How long it may still be waited for after that.
    grace: Duration,
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
        let due = limit.and_then(|limit| Instant::now().checked_add(limit));
        Ok(Self { receiver, messenger, stdin, due, grace: GRACE })
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
    /// [`GuestError`] if the command could not be started, the machine is gone, or the guest does
    /// not end the command in time.
    pub async fn next(&mut self) -> crate::Result<Output> {
        match self.item().await? {
            Item::Data(Lane::Main, bytes) => Ok(Output::Stdout(bytes)),
            Item::Data(Lane::Err, bytes) => Ok(Output::Stderr(bytes)),
            Item::Message(json) => serde_json::from_slice(&json)
                .map_err(|_| GuestError::Nonsense("an exit message that cannot be read"))
                .and_then(plausible)
                .map(Output::Exited)
                .map_err(Into::into),
            Item::Finish => {
                Err(GuestError::Nonsense("the command's stream ended without its exit").into())
            }
            Item::Reset(refusal) => Err(GuestError::from(refusal).into()),
        }
    }

    /// Only time that is spent waiting here counts against the guest: a slow reader of the output
    /// does not.
    async fn item(&mut self) -> Result<Item, GuestError> {
        let Some(due) = self.due else { return Ok(self.receiver.next().await) };
        let begun = Instant::now().max(due);
        let item = tokio::time::timeout_at(begun + self.grace, self.receiver.next()).await;
        self.grace = self.grace.saturating_sub(begun.elapsed());
        item.map_err(|_| GuestError::Overdue)
    }
}

/// An exit as a shell could report it.
fn plausible(exit: ExecExit) -> Result<ExecExit, GuestError> {
    if !(0..=255).contains(&exit.code) {
        return Err(GuestError::Nonsense("an exit with a number that is no exit code"));
    }
    if exit.signal.is_some_and(|signal| !(1..=64).contains(&signal)) {
        return Err(GuestError::Nonsense("an exit by a number that is no signal"));
    }
    Ok(exit)
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

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use pyro_proto::mux::{Session, Side};

    /// An execution with a limit of one second, and the agent's end of it.
    async fn limited() -> (Execution, Stream) {
        let (host, guest) = tokio::io::duplex(1 << 16);
        let (host, _) = Session::start(host, Side::Host, BytesMut::new(), 0);
        let (_, mut incoming) = Session::start(guest, Side::Agent, BytesMut::new(), 1);
        let stream = host.open(&"exec").await.unwrap();
        let (_, agent) = incoming.next().await.unwrap();
        let limit = Some(Duration::from_secs(1));
        (Execution::new(stream, false, limit).await.unwrap(), agent)
    }

    #[tokio::test(start_paused = true)]
    async fn a_guest_that_ignores_the_limit_is_left_whether_silent_or_trickling() {
        let (mut execution, _silent) = limited().await;
        let begun = Instant::now();
        assert_eq!(execution.next().await.unwrap_err().code(), "guest_overdue");
        assert_eq!(begun.elapsed().as_secs(), 11);
        let (mut trickled, mut trickler) = limited().await;
        tokio::spawn(async move {
            while trickler.sender.send(Lane::Main, b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        let begun = Instant::now();
        let error = loop {
            match trickled.next().await {
                Ok(output) => assert_eq!(output, Output::Stdout("x".into())),
                Err(error) => break error,
            }
        };
        assert_eq!(error.code(), "guest_overdue");
        assert_eq!(begun.elapsed().as_secs(), 11);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_of_the_output_blames_nobody() {
        let (mut execution, mut agent) = limited().await;
        let exit = ExecExit { code: 124, signal: None, timed_out: true, duration_us: 1_000_000 };
        agent.sender.send(Lane::Main, b"x").await.unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(execution.next().await.unwrap(), Output::Stdout("x".into()));
        agent.sender.message(&exit).await.unwrap();
        assert_eq!(execution.next().await.unwrap(), Output::Exited(exit));
    }
}
