//! Between a stream and blocking work on files. The work runs on a thread of its own, because
//! files cannot be polled; a few pieces wait between the two, so neither can outrun the other.

use bytes::{Bytes, BytesMut};
use pyro_proto::frame::{Lane, MAX_DATA};
use pyro_proto::mux::{Content, Feed, Item, Receiver, Sender, Stream, content};
use pyro_proto::{Refusal, RefusalCode};
use serde::Serialize;
use std::io::{self, Write};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

/// Pieces of at most [`MAX_DATA`] bytes that wait between stream and work.
const WAITING: usize = 4;

/// Gives what comes on the stream to `work`, and answers with what `work` says.
pub(super) async fn take<W, T>(stream: Stream, work: W)
where
    W: FnOnce(&mut Content) -> Result<T, Refusal> + Send + 'static,
    T: Serialize + Send + 'static,
{
    let (sender, mut receiver) = stream.split();
    let (feed, mut content) = content(WAITING);
    let working = spawn_blocking(move || work(&mut content));
    pass_on(&mut receiver, feed).await;
    answer(sender, working).await;
}

/// Ends when the content does, when the host gives up, or when the work has stopped.
async fn pass_on(receiver: &mut Receiver, feed: Feed) {
    loop {
        let item = tokio::select! {
            item = receiver.next() => item,
            () = feed.unwanted() => return,
        };
        let is_wanted = match item {
            Item::Data(_, data) => feed.pass(data).await,
            Item::Message(_) => true,
            Item::Finish => return feed.finish().await,
            Item::Reset(_) => return,
        };
        if !is_wanted {
            return;
        }
    }
}

/// Answers with what `work` says. The host sends nothing for it.
pub(super) async fn tell<W, T>(stream: Stream, work: W)
where
    W: FnOnce() -> Result<T, Refusal> + Send + 'static,
    T: Serialize + Send + 'static,
{
    // kept to the end: without it the stream would be reset
    let (sender, _receiver) = stream.split();
    answer(sender, spawn_blocking(work)).await;
}

/// Sends what `work` writes, then what it says.
pub(super) async fn give<W, T>(stream: Stream, work: W)
where
    W: FnOnce(&mut Outlet) -> Result<T, Refusal> + Send + 'static,
    T: Serialize + Send + 'static,
{
    let (mut sender, mut receiver) = stream.split();
    let (pass, mut pieces) = mpsc::channel(WAITING);
    let working = spawn_blocking(move || {
        let mut outlet = Outlet { pass, waiting: BytesMut::new() };
        let done = work(&mut outlet)?;
        outlet.flush().map_err(|e| Refusal::from_io("send", &e))?;
        Ok(done)
    });
    loop {
        tokio::select! {
            piece = pieces.recv() => match piece {
                Some(piece) if sender.send(Lane::Main, &piece).await.is_ok() => {}
                _ => break,
            },
            item = receiver.next() => if let Item::Reset(_) = item { break },
        }
    }
    drop(pieces);
    answer(sender, working).await;
}

async fn answer<T: Serialize>(mut sender: Sender, working: JoinHandle<Result<T, Refusal>>) {
    let worked = working.await.unwrap_or_else(|_| {
        Err(Refusal::new(RefusalCode::Failed, "the work on files stopped for an unknown reason"))
    });
    // a host that is gone needs no answer
    match worked {
        Ok(done) => {
            if sender.message(&done).await.is_ok() {
                let _ = sender.finish().await;
            }
        }
        Err(refusal) => sender.reset(&refusal),
    }
}

/// Where blocking work writes what the host shall get.
#[derive(Debug)]
pub(super) struct Outlet {
    pass: mpsc::Sender<Bytes>,
    waiting: BytesMut,
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(MAX_DATA - self.waiting.len());
        self.waiting.extend_from_slice(bytes.get(..n).unwrap_or_default());
        if self.waiting.len() == MAX_DATA {
            self.flush()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = self.waiting.split().freeze();
        self.pass.blocking_send(piece).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
