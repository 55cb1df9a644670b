//! How the agent answers: one message, or JSON lines and then a message. Nothing of it is believed:
//! lines have a length, lists an end, and what is kept of them a size.

use super::GuestError;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver, Stream};
use pyro_proto::tree::MAX_LINE;
use serde::de::DeserializeOwned;

/// How much of a list is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// As many as the request has asked for: a guest that sends more breaks the protocol.
    pub items: u64,
    /// Bytes of JSON; items beyond are left out.
    pub bytes: usize,
}

/// A list as far as it was kept.
#[derive(Debug)]
pub(super) struct List<L, T> {
    pub(super) items: Vec<L>,
    /// How many came, kept or not.
    pub(super) came: u64,
    pub(super) done: T,
}

/// Lets the request have its one message; the host has nothing to add to it.
pub(super) async fn one<T: DeserializeOwned>(mut stream: Stream) -> Result<T, GuestError> {
    stream.sender.finish().await?;
    message(&mut stream.receiver).await
}

/// The next message, before which nothing else may come.
pub(super) async fn message<T: DeserializeOwned>(receiver: &mut Receiver) -> Result<T, GuestError> {
    match receiver.next().await {
        Item::Message(json) => parse(&json),
        Item::Data(..) => Err(GuestError::Nonsense("content where a message was due")),
        Item::Finish => Err(GuestError::Nonsense("an answer ended without its message")),
        Item::Reset(refusal) => Err(refusal.into()),
    }
}

/// Reads a list and its summary; `admit` says what is wrong with an item that follows another one.
pub(super) async fn list<L: DeserializeOwned, T: DeserializeOwned>(
    mut stream: Stream,
    bounds: Bounds,
    admit: impl Fn(&L, Option<&L>) -> Result<(), &'static str>,
) -> Result<List<L, T>, GuestError> {
    stream.sender.finish().await?;
    let mut kept = Kept { bounds, admit, items: Vec::new(), last: None, came: 0, bytes: 0 };
    let mut line = Vec::new();
    loop {
        match stream.receiver.next().await {
            Item::Data(Lane::Main, bytes) => kept.take(&mut line, &bytes)?,
            Item::Data(Lane::Err, _) => return Err(GuestError::Nonsense("a list on two lanes")),
            Item::Message(json) if line.is_empty() => {
                let Kept { items, came, .. } = kept;
                return Ok(List { items, came, done: parse(&json)? });
            }
            Item::Message(_) | Item::Finish => {
                return Err(GuestError::Nonsense("a list ended too early"));
            }
            Item::Reset(refusal) => return Err(refusal.into()),
        }
    }
}

#[derive(Debug)]
struct Kept<L, A> {
    bounds: Bounds,
    admit: A,
    items: Vec<L>,
    /// The one that came last, if it was not kept.
    last: Option<L>,
    came: u64,
    bytes: usize,
}

impl<L, A> Kept<L, A>
where
    L: DeserializeOwned,
    A: Fn(&L, Option<&L>) -> Result<(), &'static str>,
{
    /// Takes the lines that `bytes` complete; the rest waits in `line`.
    fn take(&mut self, line: &mut Vec<u8>, bytes: &[u8]) -> Result<(), GuestError> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if line.len() + part.len() > MAX_LINE {
                return Err(GuestError::Nonsense("a line that is too long"));
            }
            line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.keep(line)?;
                line.clear();
            }
        }
        Ok(())
    }

    fn keep(&mut self, line: &[u8]) -> Result<(), GuestError> {
        self.came += 1;
        if self.came > self.bounds.items {
            return Err(GuestError::Nonsense("a list that is longer than asked for"));
        }
        let item: L = parse(line)?;
        let last = self.last.as_ref().or(self.items.last());
        (self.admit)(&item, last).map_err(GuestError::Nonsense)?;
        self.bytes = self.bytes.saturating_add(line.len());
        if self.bytes <= self.bounds.bytes {
            self.items.push(item);
        } else {
            self.last = Some(item);
        }
        Ok(())
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, GuestError> {
    serde_json::from_slice(json).map_err(|_| GuestError::Nonsense("JSON that cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::rehearsal::{Act, rehearse};

    async fn numbers(acts: Vec<Act>, items: u64, bytes: usize) -> Result<(Vec<u32>, u64), String> {
        let stream = rehearse(acts).await;
        let rising = |item: &u32, last: Option<&u32>| match last {
            Some(last) if last >= item => Err("out of order"),
            _ => Ok(()),
        };
        let list = list::<u32, bool>(stream, Bounds { items, bytes }, rising).await;
        list.map(|list| (list.items, list.came)).map_err(|error| error.to_string())
    }

    fn data(bytes: impl Into<Vec<u8>>) -> Act {
        Act::Data(bytes.into())
    }

    #[tokio::test]
    async fn lines_are_put_together_whatever_the_frames_are() {
        let acts = vec![data("1\n2"), data("2\n"), data("3"), data("00\n"), Act::Say("true")];
        assert_eq!(numbers(acts, 3, 100).await, Ok((vec![1, 22, 300], 3)));
        assert_eq!(numbers(vec![Act::Say("true")], 0, 0).await, Ok((vec![], 0)));
    }

    #[tokio::test]
    async fn what_is_too_much_to_keep_is_still_checked_and_counted() {
        let acts = |last| vec![data(format!("1\n2\n3\n{last}\n")), Act::Say("true")];
        assert_eq!(numbers(acts(4), 9, 4).await, Ok((vec![1, 2], 4)));
        assert!(numbers(acts(3), 9, 4).await.unwrap_err().contains("out of order"));
    }

    #[tokio::test]
    async fn a_guest_that_breaks_the_rules_is_named_so() {
        for (acts, said) in [
            (vec![data("1\n2\n3\n")], "longer than asked for"),
            (vec![data("x\n")], "cannot be read"),
            (vec![data(vec![b' '; MAX_LINE]), data("1\n")], "too long"),
            (vec![data("1\n"), data("1\n")], "out of order"),
            (vec![data("1"), Act::Say("true")], "too early"),
            (vec![data("1\n"), Act::Finish], "too early"),
            (vec![data("1\n"), Act::Say("7")], "cannot be read"),
            (vec![Act::Error], "two lanes"),
        ] {
            let error = numbers(acts, 2, 1000).await.unwrap_err();
            assert!(error.contains(said), "{error}");
        }
    }
}
