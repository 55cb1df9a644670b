//! The end of the server. stdin's end and a signal mean the same: every call stops at once, its
//! machine with it. Hosts kill a server within half a second of asking it to end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::sync::CancellationToken;

/// A reader that tells everybody when it has come to its end.
#[derive(Debug)]
pub(crate) struct UntilEnd<R> {
    inner: R,
    ending: CancellationToken,
}

impl<R> UntilEnd<R> {
    pub(crate) fn new(inner: R, ending: CancellationToken) -> Self {
        Self { inner, ending }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer));
        let at_end = buffer.filled().len() == before && buffer.remaining() > 0;
        if read.is_err() || at_end {
            self.ending.cancel();
        }
        Poll::Ready(read)
    }
}
