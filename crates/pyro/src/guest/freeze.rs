//! The workspace's disk held still: what is written on it up to then can be copied.

use super::{GuestError, answer};
use pyro_proto::mux::{Item, Receiver, Sender, Stream};
use pyro_proto::tree::{self, Thawed};

/// A frozen disk. It thaws when this is dropped, and by itself after the request's limit.
#[derive(Debug)]
pub struct Frozen {
    sender: Sender,
    receiver: Receiver,
}

/// Waits until the disk is frozen, over a stream opened with `Freeze`.
///
/// # Errors
/// [`GuestError`].
pub async fn freeze(stream: Stream) -> Result<Frozen, GuestError> {
    let (sender, mut receiver) = stream.split();
    let tree::Frozen {} = answer::message(&mut receiver).await?;
    Ok(Frozen { sender, receiver })
}

impl Frozen {
    /// Thaws it. Returns whether it was frozen up to now: only then is a copy made meanwhile of one
    /// moment. The guest's word, which only harms its own copy where it is none.
    ///
    /// # Errors
    /// [`GuestError`]; the disk thaws by itself.
    pub async fn thaw(mut self) -> Result<bool, GuestError> {
        self.sender.finish().await?;
        let Thawed { in_time } = answer::message(&mut self.receiver).await?;
        Ok(in_time)
    }
}

/// Waits until everything is written to the disk, over a stream opened with `Sync`.
///
/// # Errors
/// [`GuestError`]: the guest's disk is full or broken.
pub async fn sync(stream: Stream) -> Result<(), GuestError> {
    let (mut sender, mut receiver) = stream.split();
    sender.finish().await?;
    match receiver.next().await {
        Item::Finish => Ok(()),
        Item::Reset(refusal) => Err(refusal.into()),
        Item::Data(..) | Item::Message(_) => {
            Err(GuestError::Nonsense("content where none was asked for"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::rehearsal::{Act, rehearse};

    #[tokio::test]
    async fn what_the_guest_says_of_the_thaw_is_told() {
        for (said, in_time) in [(r#"{"in_time":true}"#, true), (r#"{"in_time":false}"#, false)] {
            let frozen =
                freeze(rehearse(vec![Act::Say("{}"), Act::Say(said)]).await).await.unwrap();
            assert_eq!(frozen.thaw().await.unwrap(), in_time);
        }
        let stream = rehearse(vec![Act::Say("{}"), Act::Finish]).await;
        assert!(freeze(stream).await.unwrap().thaw().await.is_err());
        assert!(freeze(rehearse(vec![Act::Say("[1]")]).await).await.is_err());
    }

    #[tokio::test]
    async fn a_sync_has_no_answer_but_its_end() {
        assert!(sync(rehearse(vec![Act::Finish]).await).await.is_ok());
        assert!(sync(rehearse(vec![Act::Say("{}")]).await).await.is_err());
    }
}
