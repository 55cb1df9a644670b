//! The agent's end of a channel, without the manners of `pyro_proto::mux`: it writes whatever it is
//! told to.

use bytes::BytesMut;
use pyro_proto::frame::{self, Frame, FrameKind};
use pyro_proto::handshake::{self, Boot, BootNote, GENERATION, OLDEST, Welcome};
use std::io;
use std::os::fd::OwnedFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// What an agent's greeting begins with: see `pyro_proto::handshake`.
const MAGIC: [u8; 8] = *b"\xf7pyro<<\n";
/// What a host's hello begins with, before its nonce.
const HELLO: [u8; 8] = *b"\xf7pyro>>\n";

pub(crate) struct Wire {
    pub(crate) channel: UnixStream,
    unread: BytesMut,
}

impl Wire {
    pub(crate) fn over(channel: OwnedFd) -> io::Result<Self> {
        let channel = std::os::unix::net::UnixStream::from(channel);
        channel.set_nonblocking(true)?;
        Ok(Self { channel: UnixStream::from_std(channel)?, unread: BytesMut::new() })
    }

    /// Greets as an agent should.
    pub(crate) async fn greet(&mut self) -> io::Result<()> {
        self.greet_as(welcome(GENERATION, OLDEST, ready())).await
    }

    pub(crate) async fn greet_as(&mut self, welcome: Welcome) -> io::Result<()> {
        let greeted = handshake::answer(&mut self.channel, |_| welcome).await;
        self.unread = greeted.map_err(io::Error::other)?.1;
        Ok(())
    }

    /// Answers the hello with the right nonce and any body at all.
    pub(crate) async fn greet_with(&mut self, length: u32, body: &[u8]) -> io::Result<()> {
        let mut hello = [0; 24];
        self.channel.read_exact(&mut hello).await?;
        assert!(hello.starts_with(&HELLO));
        self.channel.write_all(&MAGIC).await?;
        self.channel.write_all(&hello[8..]).await?;
        self.channel.write_all(&length.to_le_bytes()).await?;
        self.channel.write_all(body).await
    }

    /// The next frame from the host.
    pub(crate) async fn next(&mut self) -> io::Result<Frame> {
        loop {
            if let Some(frame) = frame::decode(&mut self.unread).map_err(io::Error::other)? {
                return Ok(frame);
            }
            if self.channel.read_buf(&mut self.unread).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Waits until the host opens a stream.
    pub(crate) async fn request(&mut self) -> io::Result<u32> {
        loop {
            let frame = self.next().await?;
            if frame.kind == FrameKind::Open {
                return Ok(frame.stream);
            }
        }
    }

    pub(crate) async fn send(
        &mut self,
        kind: FrameKind,
        id: u32,
        payload: &[u8],
    ) -> io::Result<()> {
        self.raw(&framed(kind, id, payload)).await
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.channel.write_all(bytes).await
    }

    /// Ends the channel in both directions.
    pub(crate) fn close(&self) -> io::Result<()> {
        Ok(rustix::net::shutdown(&self.channel, rustix::net::Shutdown::Both)?)
    }

    /// The same bytes for ever, or until the host is gone; what the host says is thrown away.
    pub(crate) async fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut read, mut write) = self.channel.split();
        let mut ignored = [0; 4096];
        loop {
            tokio::select! {
                written = write.write_all(bytes) => written?,
                Ok(0) = read.read(&mut ignored) => return Ok(()),
            }
        }
    }
}

pub(crate) fn framed(kind: FrameKind, id: u32, payload: &[u8]) -> BytesMut {
    let mut frame = BytesMut::new();
    frame::encode(kind, id, payload, &mut frame);
    frame
}

pub(crate) fn welcome(generation: u32, oldest: u32, boot: Boot) -> Welcome {
    Welcome { generation, oldest, pyro: "5.0.0".into(), boot }
}

pub(crate) fn ready() -> Boot {
    Boot::Ready { uptime_us: 1 }
}

pub(crate) fn failed(stage: &str, message: String) -> Boot {
    Boot::Failed(BootNote { stage: stage.into(), errno: Some(5), message })
}
