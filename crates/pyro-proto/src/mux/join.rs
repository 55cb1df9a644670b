//! Joins a stream and a byte connection, such as a TCP socket: whatever becomes of one becomes of the
//! other, half by half.

use super::{Item, Stream};
use crate::frame::Lane;
use crate::refusal::{Refusal, RefusalCode};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Bytes that a joined connection has moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// From the stream into the connection.
    pub out: u64,
    /// From the connection into the stream.
    pub back: u64,
}

/// How a joined connection ended.
#[derive(Debug)]
pub struct Joined {
    /// How much was moved until then.
    pub moved: Moved,
    /// An error means that both are over before their time: the caller resets the connection, the stream
    /// is reset already.
    pub end: Result<(), Refusal>,
}

/// Moves bytes both ways until both directions are finished, or either side breaks. `read` and `write`
/// are the halves of the connection; dropping them must not close it, or a reset would come too late.
pub async fn join<R, W>(mut read: R, mut write: W, stream: Stream) -> Joined
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (mut sender, mut receiver) = stream.split();
    let (out, back) = (AtomicU64::new(0), AtomicU64::new(0));
    let sent_all = AtomicBool::new(false);
    let outwards = async {
        let mut closed = false;
        loop {
            match receiver.next().await {
                Item::Data(Lane::Main, bytes) => {
                    write.write_all(&bytes).await.map_err(|e| Refusal::from_io("write", &e))?;
                    out.fetch_add(bytes.len() as u64, Relaxed);
                }
                Item::Finish => {
                    write.shutdown().await.map_err(|e| Refusal::from_io("close", &e))?;
                    closed = true;
                }
                // where both have finished the stream is over, and that is no reset
                Item::Reset(_) if closed && sent_all.load(Relaxed) => return Ok(()),
                Item::Reset(refusal) => return Err(refusal),
                Item::Data(Lane::Err, _) | Item::Message(_) => {
                    return Err(Refusal::new(RefusalCode::Invalid, "not a byte of a connection"));
                }
            }
        }
    };
    let backwards = async {
        loop {
            match sender.send_from(Lane::Main, &mut read).await? {
                0 => break,
                count => back.fetch_add(count as u64, Relaxed),
            };
        }
        sender.finish().await?;
        sent_all.store(true, Relaxed);
        Ok(())
    };
    let end = tokio::try_join!(outwards, backwards).map(|_| ());
    let moved = Moved { out: out.into_inner(), back: back.into_inner() };
    if let Err(refusal) = &end {
        sender.reset(refusal);
    }
    Joined { moved, end }
}
