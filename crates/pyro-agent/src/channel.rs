//! Any file descriptor that can be polled as a byte stream for tokio: a virtio-serial port and an
//! inherited socket alike. It knows nothing of what is said.

use crate::sys;
use rustix::io::{Errno, FdFlags};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a virtio-serial port gives at most in one read (`drivers/char/virtio_console.c`).
const PAGE: usize = 4096;

/// A byte stream over a file descriptor.
#[derive(Debug)]
pub(crate) struct Channel(AsyncFd<OwnedFd>);

impl Channel {
    /// Takes `descriptor` over: non-blocking from now on, and closed in children.
    pub(crate) fn new(descriptor: OwnedFd) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&descriptor, true)?;
        rustix::io::fcntl_setfd(&descriptor, FdFlags::CLOEXEC)?;
        Ok(Self(sys::register(descriptor)?))
    }
}

impl AsyncRead for Channel {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(cx))?;
            match read_pages(ready.get_inner().as_fd(), into) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }
}

/// Reads what is there. A port gives a page at a time: as long as it does, there may be more.
fn read_pages(from: BorrowedFd<'_>, into: &mut ReadBuf<'_>) -> Result<(), Errno> {
    let mut last = sys::read(from, into)?;
    while last == PAGE && into.remaining() >= PAGE {
        // an error comes again with the next read, when nothing was read before it
        last = sys::read(from, into).unwrap_or(0);
    }
    Ok(())
}

impl AsyncWrite for Channel {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_write_ready(cx))?;
            match rustix::io::write(ready.get_inner().as_fd(), bytes) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => ready.clear_ready(),
                result => return Poll::Ready(result.map_err(Into::into)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
