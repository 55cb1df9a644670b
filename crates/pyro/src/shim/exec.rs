//! Runs one command of a workspace: it belongs to the workspace, not to the front end that asked for
//! it. Its output goes into the books, and to the front end for as long as that is there.

use super::commands::{Account, Commands};
use super::relay::{Source, Upwards, upwards};
use crate::journal::{Ended, Fate};
use bytes::Bytes;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver, Sender, Session, Stream};
use pyro_proto::request::{Exec, ExecExit, Request};
use pyro_proto::{Refusal, RefusalCode};
use std::convert::Infallible;
use std::pin::{Pin, pin};

/// Runs a command to its end and tells the front end, if that still wants to know. `why` says what a
/// lost connection to the guest means.
pub(super) async fn exec<F: Future<Output = Refusal>>(
    commands: &Commands,
    exec: Exec,
    followed: bool,
    client: Stream,
    guest: &Session,
    why: impl Fn(Refusal) -> F,
) {
    let (mut to_client, from_client) = client.split();
    let mut account = match commands.begin(&exec) {
        Ok(account) => account,
        Err(error) => {
            let message = format!("{error}: {}", error.source);
            return to_client.reset(&Refusal::new(RefusalCode::Failed, message));
        }
    };
    // a front end that has left already makes no difference from here on
    let _ = to_client.message(&account.begun).await;
    let mut talk = None;
    let outcome = match guest.open(&Request::Exec(exec)).await {
        Ok(agent) => {
            let follower = followed.then_some(&mut to_client);
            let (to_agent, from_agent) = agent.split();
            account.running.can_be_told_by(to_agent.messenger());
            let talk = talk.insert(Box::pin(pass_on(from_client, to_agent)));
            attend(&mut account, from_agent, follower, talk.as_mut()).await
        }
        Err(refusal) => Err(refusal),
    };
    let (fate, word) = match outcome {
        Ok(fate) => (fate, None),
        Err(refusal) => {
            let lost = refusal.code == RefusalCode::Disconnected;
            let refusal = why(refusal).await;
            let why = refusal.message.clone();
            (if lost { Fate::Lost { why } } else { Fate::Refused { why } }, Some(refusal))
        }
    };
    let written = commands.close(&mut account, fate);
    let told = match (word, written) {
        (Some(refusal), _) => return to_client.reset(&refusal),
        // what is not written down is not acknowledged
        (None, Err(error)) => {
            let message = format!("{error}: {}", error.source);
            return to_client.reset(&Refusal::new(RefusalCode::NoSpace, message));
        }
        (None, Ok(Ended { fate: Fate::Lost { why }, .. })) if followed => {
            return to_client.reset(&Refusal::new(RefusalCode::Failed, why));
        }
        (None, Ok(ended)) if followed => to_client.message(&exit_of(&ended)).await,
        (None, Ok(ended)) => to_client.message(&ended).await,
    };
    if told.is_ok() {
        let _ = to_client.finish().await;
    }
    drop(talk);
}

/// Stays with a command until it has ended or must be killed.
async fn attend(
    account: &mut Account,
    from_agent: Receiver,
    follower: Option<&mut Sender>,
    talk: Pin<&mut impl Future<Output = Infallible>>,
) -> Result<Fate, Refusal> {
    let running = account.running.clone();
    let listen = pin!(listen(account, from_agent, follower));
    tokio::select! {
        biased;
        fate = listen => fate,
        () = running.unwanted() => Ok(Fate::Stopped),
        never = talk => match never {},
    }
}

/// From the front end: stdin and signals, for as long as it is there. Never ends: dropping it kills the
/// command, and is how the front end's stream ends, which must not come before its last word.
async fn pass_on(from_client: Receiver, to_agent: Sender) -> Infallible {
    let _kept = match upwards(Source::of(from_client), to_agent).await {
        Upwards::Refused(source) => Some(source),
        Upwards::GivenUp(way) => {
            way.close().await;
            None
        }
    };
    std::future::pending().await
}

/// From the agent: into the books, and to the front end.
async fn listen(
    account: &mut Account,
    mut from: Receiver,
    mut follower: Option<&mut Sender>,
) -> Result<Fate, Refusal> {
    loop {
        match from.next().await {
            Item::Data(lane, bytes) => {
                let bytes = account.take(lane, bytes);
                tell(&mut follower, lane, &bytes).await;
            }
            Item::Message(json) => {
                let exit: ExecExit = serde_json::from_slice(&json).map_err(|_| {
                    Refusal::new(RefusalCode::Failed, "an exit message that cannot be read")
                })?;
                for (lane, bytes) in account.rest() {
                    tell(&mut follower, lane, &bytes).await;
                }
                // as a shell could report it: the guest may say anything
                let code = exit.code.clamp(0, 255);
                return Ok(Fate::Exited { code, timed_out: exit.timed_out });
            }
            Item::Finish => {
                let why = "the command's stream ended without its exit";
                return Err(Refusal::new(RefusalCode::Failed, why));
            }
            Item::Reset(refusal) => return Err(refusal),
        }
    }
}

/// Passes output on to a front end that is still there.
async fn tell(follower: &mut Option<&mut Sender>, lane: Lane, bytes: &Bytes) {
    if let Some(to) = follower
        && !bytes.is_empty()
        && to.send(lane, bytes).await.is_err()
    {
        *follower = None;
    }
}

/// The words of the agent, which followers understand.
fn exit_of(ended: &Ended) -> ExecExit {
    ExecExit {
        code: ended.fate.exit_code(),
        signal: None,
        timed_out: matches!(ended.fate, Fate::Exited { timed_out: true, .. }),
        duration_us: ended.duration_ms.saturating_mul(1000),
    }
}
