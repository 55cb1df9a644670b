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

/// Relays until both directions are over. `why` says what a lost connection to the guest means.
pub(super) async fn relay<F: Future<Output = Refusal>>(
    request: &Request,
    client: Stream,
    guest: &Session,
    why: impl Fn(Refusal) -> F,
) {
    let agent = match guest.open(request).await {
        Ok(agent) => agent,
        Err(refusal) => return client.sender.reset(&why(refusal).await),
    };
    let (to_client, from_client) = client.split();
    let (to_agent, from_agent) = agent.split();
    let mut up = pin!(upwards(from_client, to_agent));
    let mut down = pin!(downwards(from_agent, to_client, why));
    tokio::select! {
        biased;
        source = &mut up => {
            // It lives until both are over: dropping it resets the client's stream, and the command's
            // last words would be lost. Without it, dropping the other direction cancels the request.
            if let Some(_source) = source {
                down.await;
            }
        }
        () = &mut down => drop(up.await),
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

type Sending = Pin<Box<dyn Future<Output = (Sender, Result<(), Refusal>)>>>;

/// Towards the agent: messages and resets pass stdin that the command does not read. Gives the
/// source back where the agent takes no more, which is its right; none where the front end gave
/// the request up.
async fn upwards(mut from: Receiver, to: Sender) -> Option<Receiver> {
    let messenger = to.messenger();
    let mut waiting: VecDeque<Bytes> = VecDeque::new();
    let mut finish = false;
    let mut idle = Some(to);
    let mut sending: Option<Sending> = None;
    loop {
        if let Some(to) = idle.take() {
            match waiting.pop_front() {
                Some(bytes) => {
                    from.consumed(&bytes);
                    sending = Some(Box::pin(send(to, Some(bytes))));
                }
                None if finish => {
                    finish = false;
                    sending = Some(Box::pin(send(to, None)));
                }
                None => idle = Some(to),
            }
        }
        tokio::select! {
            item = from.next_held() => match item {
                Item::Data(_, bytes) => waiting.push_back(bytes),
                Item::Message(json) => {
                    if messenger.send_bytes(&json).await.is_err() { return Some(from) }
                }
                Item::Finish => finish = true,
                Item::Reset(_) => return None,
            },
            (to, sent) = async { match &mut sending { Some(s) => s.await, None => std::future::pending().await } } => {
                sending = None;
                if sent.is_err() { return Some(from) }
                idle = Some(to);
            }
        }
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
