//! Carries one stream between a front end and the agent, item by item. Each window holds back its
//! own side, so a slow reader stops the guest's command and nothing piles up here.

use bytes::Bytes;
use pyro_proto::Refusal;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver, Sender, Session, Stream};
use pyro_proto::request::Request;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};

/// Messages, of at most 1 MiB each, that wait for a guest which reads nothing. They have no window:
/// whoever sends more of them loses the request.
const MAX_WAITING_MESSAGES: usize = 16;

/// Relays until both directions are over, or the front end gives the request up. `why` says what a lost
/// connection to the guest means.
pub(super) async fn relay<F: Future<Output = Refusal>>(
    request: &Request,
    client: Stream,
    guest: &Session,
    why: impl Fn(Refusal) -> F,
) {
    let (to_client, from_client) = client.split();
    let mut source = Source::of(from_client);
    let agent = match open(request, guest, &mut source).await {
        Some(Ok(agent)) => agent,
        Some(Err(refusal)) => return to_client.reset(&why(refusal).await),
        None => return,
    };
    let (to_agent, from_agent) = agent.split();
    let mut up = pin!(upwards(source, to_agent));
    let mut down = pin!(downwards(from_agent, to_client, why));
    tokio::select! {
        biased;
        way = &mut up => match way {
            // It lives until both are over: dropping it resets the client's stream, and the command's
            // last words would be lost.
            Upwards::Refused(_source) => down.await,
            // Dropping it cancels the request.
            Upwards::GivenUp(way) => drop(way),
        },
        () = &mut down => drop(up.await),
    }
}

/// Opens the agent's stream; none where the front end gave the request up before the guest took it.
async fn open(
    request: &Request,
    guest: &Session,
    source: &mut Source,
) -> Option<Result<Stream, Refusal>> {
    let mut opening = pin!(guest.open(request));
    loop {
        tokio::select! {
            biased;
            opened = &mut opening => return Some(opened),
            goes_on = source.take() => if !goes_on { return None },
        }
    }
}

/// From the agent: everything in its order.
async fn downwards<F: Future<Output = Refusal>>(
    mut from: Receiver,
    mut to: Sender,
    why: impl Fn(Refusal) -> F,
) {
    let mut finished = false;
    loop {
        let passed = match from.next().await {
            Item::Data(lane, bytes) => to.send(lane, &bytes).await,
            Item::Message(json) => to.message_bytes(&json).await,
            Item::Finish => {
                finished = true;
                to.finish().await
            }
            Item::Reset(_) if finished => return,
            Item::Reset(refusal) => return to.reset(&why(refusal).await),
        };
        if passed.is_err() {
            // the front end is gone: dropping the source cancels the request in the guest
            return;
        }
    }
}

/// What a front end has sent and the guest has not taken. The stream's window bounds the bytes.
pub(super) struct Source {
    from: Receiver,
    stdin: VecDeque<Bytes>,
    messages: VecDeque<Bytes>,
    finish: bool,
}

impl Source {
    pub(super) fn of(from: Receiver) -> Self {
        Self { from, stdin: VecDeque::new(), messages: VecDeque::new(), finish: false }
    }

    /// Takes the front end's next item; false where it gives the request up, or loses it.
    async fn take(&mut self) -> bool {
        match self.from.next_held().await {
            Item::Data(_, bytes) => self.stdin.push_back(bytes),
            Item::Message(_) if self.messages.len() == MAX_WAITING_MESSAGES => return false,
            Item::Message(json) => self.messages.push_back(json),
            Item::Finish => self.finish = true,
            Item::Reset(_) => return false,
        }
        true
    }

    /// The next bytes of stdin; none where it has ended.
    fn next_stdin(&mut self) -> Option<Option<Bytes>> {
        if let Some(bytes) = self.stdin.pop_front() {
            self.from.consumed(&bytes);
            return Some(Some(bytes));
        }
        std::mem::take(&mut self.finish).then_some(None)
    }
}

/// Something that is on its way to the guest, if anything is.
type OnItsWay<T> = Option<Pin<Box<dyn Future<Output = T>>>>;

/// How the way towards the agent ended.
pub(super) enum Upwards {
    /// The agent takes no more, which is its right.
    Refused(Source),
    /// The front end gave the request up.
    GivenUp(Way),
}

/// The way to the agent, with what is still on it. Dropping it cancels the request.
pub(super) struct Way {
    idle: Option<Sender>,
    sending: OnItsWay<(Sender, Result<(), Refusal>)>,
}

impl Way {
    /// Tells the agent that nothing follows, and leaves the request as it is. May wait for as long as the
    /// agent does not take what is on the way.
    pub(super) async fn close(self) {
        let idle = match self.sending {
            Some(sending) => Some(sending.await.0),
            None => self.idle,
        };
        if let Some(mut to) = idle {
            let _ = to.finish().await;
        }
    }
}

/// Towards the agent: messages pass stdin that the command does not read, and the front end's end
/// passes everything.
pub(super) async fn upwards(mut source: Source, to: Sender) -> Upwards {
    let messenger = to.messenger();
    let mut idle = Some(to);
    let mut sending: OnItsWay<(Sender, Result<(), Refusal>)> = None;
    let mut telling: OnItsWay<Result<(), Refusal>> = None;
    loop {
        if let Some(to) = idle.take() {
            match source.next_stdin() {
                Some(bytes) => sending = Some(Box::pin(send(to, bytes))),
                None => idle = Some(to),
            }
        }
        if telling.is_none()
            && let Some(json) = source.messages.pop_front()
        {
            let messenger = messenger.clone();
            telling = Some(Box::pin(async move { messenger.send_bytes(&json).await }));
        }
        tokio::select! {
            goes_on = source.take() => if !goes_on {
                return Upwards::GivenUp(Way { idle, sending });
            },
            told = arrival(&mut telling) => {
                telling = None;
                if told.is_err() { return Upwards::Refused(source) }
            }
            (to, sent) = arrival(&mut sending) => {
                sending = None;
                if sent.is_err() { return Upwards::Refused(source) }
                idle = Some(to);
            }
        }
    }
}

async fn arrival<T>(on_its_way: &mut OnItsWay<T>) -> T {
    match on_its_way {
        Some(something) => something.await,
        None => std::future::pending().await,
    }
}

/// Sends the bytes, or the end where there are none.
async fn send(mut to: Sender, bytes: Option<Bytes>) -> (Sender, Result<(), Refusal>) {
    let sent = match bytes {
        Some(bytes) => to.send(Lane::Main, &bytes).await,
        None => to.finish().await,
    };
    (to, sent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use pyro_proto::mux::Side;
    use std::time::Duration;
    use tokio::io::{DuplexStream, duplex};

    /// A front end's stream, the shim's end of it, and a session with a guest that reads nothing.
    async fn before_a_mute_guest() -> (Stream, Stream, Session, DuplexStream) {
        let (front_end, shim) = duplex(1 << 16);
        let (front_end, _) = Session::start(front_end, Side::Host, BytesMut::new(), 0);
        let (_, mut incoming) = Session::start(shim, Side::Agent, BytesMut::new(), 1);
        let request = front_end.open(&"a request").await.unwrap();
        let (_, client) = incoming.next().await.unwrap();
        let (shim, guest) = duplex(64);
        let (session, _) = Session::start(shim, Side::Host, BytesMut::new(), 0);
        (request, client, session, guest)
    }

    async fn relays_until_its_end(client: Stream, guest: &Session) {
        let relaying = relay(&Request::Echo, client, guest, |refusal| async { refusal });
        let ended = tokio::time::timeout(Duration::from_secs(1), relaying).await;
        ended.expect("the relay is stuck behind the guest");
    }

    #[tokio::test]
    async fn a_front_end_can_leave_behind_messages_that_no_guest_reads() {
        let (mut request, client, session, _guest) = before_a_mute_guest().await;
        for _ in 0..24 {
            request.sender.message(&"a signal").await.unwrap();
        }
        drop(request);
        relays_until_its_end(client, &session).await;
    }

    #[tokio::test]
    async fn a_front_end_can_leave_before_the_guest_takes_its_request() {
        let (request, client, session, _guest) = before_a_mute_guest().await;
        let wait = Duration::from_millis(50);
        let mut waiting = Vec::new();
        while let Ok(opened) = tokio::time::timeout(wait, session.open(&"another")).await {
            waiting.push(opened.unwrap());
        }
        drop(request);
        relays_until_its_end(client, &session).await;
    }

    #[tokio::test]
    async fn a_front_end_that_floods_a_mute_guest_with_messages_loses_the_request() {
        let (mut request, client, session, _guest) = before_a_mute_guest().await;
        for _ in 0..120 {
            request.sender.message(&"a signal").await.unwrap();
        }
        relays_until_its_end(client, &session).await;
        assert!(matches!(request.receiver.next().await, Item::Reset(_)));
    }
}
