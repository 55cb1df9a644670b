//! Carries stdout and stderr to the host as they come. A slow host fills the pipes and so slows the
//! command; nothing is stored here.

use pyro_proto::Refusal;
use pyro_proto::frame::{Lane, MAX_DATA};
use pyro_proto::mux::Sender;
use rustix::process::WaitStatus;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::unix::pipe;
use tokio::sync::oneshot;

/// Both outputs of a command.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) stdout: Output,
    pub(super) stderr: Output,
}

/// Sends output until the command has ended, then what is still in the pipes, but waits for no
/// background process that holds them open. Returns how the command ended.
///
/// # Errors
/// Why the stream is over.
pub(super) async fn carry(
    sender: &mut Sender,
    outputs: Outputs,
    mut exit: oneshot::Receiver<WaitStatus>,
) -> Result<WaitStatus, Refusal> {
    let Outputs { mut stdout, mut stderr } = outputs;
    let status = loop {
        tokio::select! {
            () = stdout.readable(), if stdout.open => stdout.send(sender).await?,
            () = stderr.readable(), if stderr.open => stderr.send(sender).await?,
            status = &mut exit => break status.map_err(|_| Refusal::disconnected())?,
        }
    };
    stdout.send_rest(sender).await?;
    stderr.send_rest(sender).await?;
    Ok(status)
}

/// The reading end of one output.
#[derive(Debug)]
pub(super) struct Output {
    pipe: pipe::Receiver,
    lane: Lane,
    open: bool,
    dry: bool,
}

impl Output {
    pub(super) fn new(pipe: impl Into<std::os::fd::OwnedFd>, lane: Lane) -> io::Result<Self> {
        let pipe = pipe::Receiver::from_owned_fd(pipe.into())?;
        Ok(Self { pipe, lane, open: true, dry: false })
    }

    /// Waits until there may be something to read, or the end.
    async fn readable(&self) {
        // it only fails when the runtime is going down
        let _ = self.pipe.readable().await;
    }

    /// Sends what one read gives; returns at once when there is nothing.
    async fn send(&mut self, sender: &mut Sender) -> Result<(), Refusal> {
        let sent = sender.send_from(self.lane, self).await?;
        self.open = sent > 0 || self.dry;
        Ok(())
    }

    /// Sends what is in the pipe now, however fast somebody refills it. Asks the kernel itself: the
    /// runtime may not have heard yet of what was written last.
    async fn send_rest(&mut self, sender: &mut Sender) -> Result<(), Refusal> {
        let mut rest = rustix::io::ioctl_fionread(&self.pipe).unwrap_or(0);
        let mut buffer = vec![0; usize::try_from(rest).unwrap_or(MAX_DATA).min(MAX_DATA)];
        while rest > 0 {
            let read = rustix::io::read(&self.pipe, &mut buffer[..]).unwrap_or(0);
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            sender.send(self.lane, bytes).await?;
            rest = rest.saturating_sub(read as u64);
        }
        Ok(())
    }
}

/// Reads without waiting: a pipe without data reads as nothing and is marked dry, so that the
/// other output and the exit are never kept waiting.
impl AsyncRead for Output {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.pipe).poll_read(cx, into);
        self.dry = read.is_pending();
        if self.dry { Poll::Ready(Ok(())) } else { read }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use pyro_proto::mux::{Item, Session, Side};
    use std::io::Write;

    #[tokio::test]
    async fn what_was_written_last_is_sent_even_if_the_runtime_has_not_heard_of_it() {
        let (host, guest) = tokio::io::duplex(1 << 20);
        let (host, _) = Session::start(host, Side::Host, BytesMut::new(), 0);
        let (_, mut incoming) = Session::start(guest, Side::Agent, BytesMut::new(), 1);
        let mut ours = host.open(&"exec").await.unwrap();
        let (_, mut theirs) = incoming.next().await.unwrap();
        let (read, mut write) = io::pipe().unwrap();
        let mut output = Output::new(read, Lane::Main).unwrap();
        output.send(&mut theirs.sender).await.unwrap(); // finds nothing
        write.write_all(b"last words").unwrap();
        output.send_rest(&mut theirs.sender).await.unwrap();
        theirs.sender.finish().await.unwrap();
        assert_eq!(ours.receiver.next().await, Item::Data(Lane::Main, "last words".into()));
        assert_eq!(ours.receiver.next().await, Item::Finish);
    }
}
