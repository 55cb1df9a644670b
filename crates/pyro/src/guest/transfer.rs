//! Files and trees between host streams and the guest. The content is a byte stream here: which host
//! files it comes from or goes to is somebody else's decision.

use super::GuestError;
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Stream};
use pyro_proto::request::TransferDone;
use std::ops::ControlFlow;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Sends all of `source` on a stream opened with `WriteFile` or `WriteTree`.
///
/// # Errors
/// [`GuestError`]: the agent's refusal arrives even while the source is still being sent.
pub async fn send<R: AsyncRead + Unpin>(
    stream: Stream,
    source: &mut R,
) -> Result<TransferDone, GuestError> {
    let (mut sender, mut receiver) = stream.split();
    let sending = async {
        while sender.send_from(Lane::Main, source).await? > 0 {}
        sender.finish().await
    };
    let (sent, done) = tokio::join!(sending, answer(&mut receiver));
    // when the agent refused, its word explains more than our failed send
    let done = done?;
    sent?;
    Ok(done)
}

/// Hands what a stream opened with `ReadFile` brings to `take`, until that wants no more or nothing
/// follows. How much is kept is `take`'s decision: a guest may send more than was asked for.
///
/// # Errors
/// [`GuestError`].
pub async fn read(
    stream: Stream,
    mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(), GuestError> {
    let (mut sender, mut receiver) = stream.split();
    sender.finish().await?;
    loop {
        match receiver.next().await {
            Item::Data(_, bytes) => {
                if take(&bytes).is_break() {
                    return Ok(());
                }
            }
            Item::Message(json) => return parse(&json).map(drop),
            Item::Finish => {
                return Err(GuestError::Nonsense("a transfer ended without its summary"));
            }
            Item::Reset(refusal) => return Err(refusal.into()),
        }
    }
}

/// Writes what a stream opened with `ReadFile` or `ReadTree` brings into `target`.
///
/// # Errors
/// [`GuestError`]; `target` then holds a part.
pub async fn receive<W: AsyncWrite + Unpin>(
    stream: Stream,
    target: &mut W,
) -> Result<TransferDone, GuestError> {
    let (mut sender, mut receiver) = stream.split();
    sender.finish().await?;
    let done = loop {
        match receiver.next().await {
            Item::Data(_, bytes) => target
                .write_all(&bytes)
                .await
                .map_err(|e| GuestError::Host("write what the guest sent", e))?,
            Item::Message(json) => break parse(&json)?,
            Item::Finish => {
                return Err(GuestError::Nonsense("a transfer ended without its summary"));
            }
            Item::Reset(refusal) => return Err(refusal.into()),
        }
    };
    target.flush().await.map_err(|e| GuestError::Host("write what the guest sent", e))?;
    Ok(done)
}

/// Hands what a stream opened with `ReadTree` brings to `take`, up to the guest's summary, or until that wants
/// no more.
///
/// # Errors
/// [`GuestError`]: not all has come.
pub async fn hand_on<F: Future<Output = bool>>(
    stream: Stream,
    mut take: impl FnMut(Bytes) -> F,
) -> Result<(), GuestError> {
    let (mut sender, mut receiver) = stream.split();
    sender.finish().await?;
    loop {
        match receiver.next().await {
            Item::Data(_, bytes) => {
                if !take(bytes).await {
                    return Ok(());
                }
            }
            Item::Message(json) => return parse(&json).map(drop),
            Item::Finish => {
                return Err(GuestError::Nonsense("a transfer ended without its summary"));
            }
            Item::Reset(refusal) => return Err(refusal.into()),
        }
    }
}

async fn answer(receiver: &mut pyro_proto::mux::Receiver) -> Result<TransferDone, GuestError> {
    loop {
        match receiver.next().await {
            Item::Message(json) => return parse(&json),
            Item::Data(..) => {}
            Item::Finish => {
                return Err(GuestError::Nonsense("a transfer ended without its summary"));
            }
            Item::Reset(refusal) => return Err(refusal.into()),
        }
    }
}

fn parse(json: &[u8]) -> Result<TransferDone, GuestError> {
    serde_json::from_slice(json).map_err(|_| GuestError::Nonsense("a summary that cannot be read"))
}
