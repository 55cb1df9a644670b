//! What comes on a stream, for work on files that reads it on a thread of its own. A few pieces wait
//! between the two, so that neither can outrun the other; it ends only where the peer has said so.

use bytes::{Buf, Bytes};
use std::io::{self, Read};
use tokio::sync::mpsc;

/// The side of the stream.
#[derive(Debug)]
pub struct Feed(mpsc::Sender<Piece>);

/// The side of the work. Whoever reads it blocks; it ends in an error where the feed was dropped before it
/// was [finished](Feed::finish).
#[derive(Debug)]
pub struct Content {
    pieces: mpsc::Receiver<Piece>,
    rest: Bytes,
    complete: bool,
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    End,
}

/// Both sides; so many pieces wait between them at most.
#[must_use]
pub fn content(waiting: usize) -> (Feed, Content) {
    let (pass, pieces) = mpsc::channel(waiting);
    (Feed(pass), Content { pieces, rest: Bytes::new(), complete: false })
}

impl Feed {
    /// Passes a piece on, once there is room for it; false where the work wants no more.
    pub async fn pass(&self, piece: Bytes) -> bool {
        self.0.send(Piece::Data(piece)).await.is_ok()
    }

    /// Says that this was all.
    pub async fn finish(self) {
        // work that wants no more does not need to know
        let _ = self.0.send(Piece::End).await;
    }

    /// Waits until the work wants no more.
    pub async fn unwanted(&self) {
        self.0.closed().await;
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.complete {
            match self.pieces.blocking_recv() {
                Some(Piece::Data(data)) => self.rest = data,
                Some(Piece::End) => self.complete = true,
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let count = into.len().min(self.rest.len());
        self.rest.copy_to_slice(into.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut content: Content) -> io::Result<Vec<u8>> {
        let mut read = Vec::new();
        content.read_to_end(&mut read).map(|_| read)
    }

    #[tokio::test]
    async fn it_ends_where_it_was_finished_and_breaks_where_it_was_dropped() {
        for finished in [true, false] {
            let (feed, content) = content(1);
            let reading = std::thread::spawn(|| read(content));
            for piece in ["one ", "", "two"] {
                assert!(feed.pass(piece.into()).await);
            }
            if finished {
                feed.finish().await;
            } else {
                drop(feed);
            }
            let read = reading.join().unwrap();
            match finished {
                true => assert_eq!(read.unwrap(), b"one two"),
                false => assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted),
            }
        }
    }

    #[tokio::test]
    async fn work_that_wants_no_more_is_noticed() {
        let (feed, content) = content(1);
        drop(content);
        feed.unwanted().await;
        assert!(!feed.pass("more".into()).await);
    }
}
