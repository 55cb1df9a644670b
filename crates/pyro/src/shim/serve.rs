//! Front ends, and what they ask: each request is answered in a task of its own.

use super::desk::Desk;
use super::end::Cause;
use super::exec;
use super::protocol::{Ask, Ready};
use super::relay::relay;
use super::{service, shells, still};
use crate::secret::SecretEnv;
use bytes::{Bytes, BytesMut};
use pyro_proto::mux::{Incoming, Session, Side, Stream};
use pyro_proto::request::Exec;
use pyro_proto::{Refusal, RefusalCode};
use serde::Serialize;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::UnixListener;

/// Streams that one front end may have open.
const MAX_STREAMS: usize = 256;

/// Takes front ends beside the first: only this user's.
pub(super) async fn accept(listener: UnixListener, desk: &Rc<Desk>) {
    loop {
        let Ok((socket, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // out of descriptors: others end
            continue;
        };
        let me = rustix::process::geteuid().as_raw();
        if socket.peer_cred().is_ok_and(|peer| peer.uid() == me) {
            greet_front_end(socket, desk);
        }
    }
}

pub(super) fn greet_front_end(socket: tokio::net::UnixStream, desk: &Rc<Desk>) -> Session {
    let (session, incoming) = Session::start(socket, Side::Agent, BytesMut::new(), MAX_STREAMS);
    let mut present = desk.present.borrow_mut();
    while present.try_join_next().is_some() {}
    present.spawn_local(serve(incoming, desk.clone()));
    session
}

async fn serve(mut incoming: Incoming, desk: Rc<Desk>) {
    while let Some((ask, stream)) = incoming.next().await {
        tokio::task::spawn_local(answer(ask, stream, desk.clone()));
    }
}

async fn answer(ask: Bytes, stream: Stream, desk: Rc<Desk>) {
    let ask = match serde_json::from_slice(&ask) {
        Ok(ask) => ask,
        Err(error) => {
            let refusal = Refusal::new(RefusalCode::Unsupported, error.to_string());
            return stream.sender.reset(&refusal);
        }
    };
    match ask {
        Ask::End => {
            let _ = desk.end.send((Cause::Asked, stream));
        }
        Ask::Stop => {
            let _ = desk.end.send((Cause::AskedGently, stream));
        }
        Ask::Lease => lease(stream, &desk).await,
        Ask::Made => {
            desk.made.set(true);
            let mut stream = stream;
            let _ = stream.sender.finish().await;
        }
        Ask::Ready => ready(stream, &desk).await,
        Ask::Still => {
            let _busy = desk.activity.work();
            still::hold(stream, &desk).await;
        }
        Ask::Guest { request } => {
            let _busy = desk.activity.work();
            match desk.guest().await {
                Ok(guest) => relay(&request, stream, &guest, |r| desk.explained(r)).await,
                Err(refusal) => stream.sender.reset(&refusal),
            }
        }
        Ask::Exec { exec, followed, secret_env } => {
            run(exec, &secret_env, followed, stream, &desk).await;
        }
        Ask::Await { exec_id, beyond, wait_ms } => {
            let limit = Duration::from_millis(wait_ms);
            let progress = async { desk.commands.as_ref()?.wait(&exec_id, beyond, limit).await };
            tell(stream, progress.await).await;
        }
        Ask::StopExec { exec_id } => {
            let _busy = desk.activity.work();
            let progress = async { desk.commands.as_ref()?.stop(&exec_id).await };
            tell(stream, progress.await).await;
        }
        Ask::Shells { ask } => shells::answer(ask, stream, &desk).await,
        Ask::StartService { order } => {
            let _busy = desk.activity.work();
            let started = service::start(*order, &desk).await;
            tell(stream, Some(started.map_err(|error| error.report()))).await;
        }
        Ask::AwaitService { name, beyond, wait_ms } => {
            let limit = Duration::from_millis(wait_ms);
            let progress = async { desk.services.as_ref()?.wait(&name, beyond, limit).await };
            tell(stream, progress.await).await;
        }
        Ask::StopService { name } => {
            let _busy = desk.activity.work();
            let progress = async { desk.services.as_ref()?.stop(&name).await };
            tell(stream, progress.await).await;
        }
        Ask::Presence { ttl_seconds } => {
            if let Some(seconds) = ttl_seconds {
                desk.activity.set_ttl(Duration::from_secs(seconds));
            }
            tell(stream, Some(desk.presence())).await;
        }
    }
}

/// The stream's end is the machine's.
async fn lease(mut stream: Stream, desk: &Desk) {
    if stream.sender.message(&"leased").await.is_ok() {
        let _ = stream.receiver.next().await;
    }
    desk.left.notify_one();
}

async fn ready(stream: Stream, desk: &Desk) {
    // somebody waits for it, however long a boot takes
    let _busy = desk.activity.work();
    match desk.machine().await {
        Some(Ok(_)) => tell(stream, Some(Ready::Yes)).await,
        Some(Err(report)) => tell(stream, Some(Ready::Failed(report))).await,
        None => stream.sender.reset(&Refusal::disconnected()),
    }
}

async fn run(
    mut exec: Exec,
    secret_env: &[SecretEnv],
    followed: bool,
    stream: Stream,
    desk: &Desk,
) {
    let _busy = desk.activity.work();
    match desk.vault.environment(secret_env) {
        Ok(entries) => exec.env.extend(entries),
        Err(error) => {
            let refusal = Refusal::new(RefusalCode::NotFound, error.to_string());
            return stream.sender.reset(&refusal);
        }
    }
    match (desk.guest().await, &desk.commands) {
        (Ok(guest), Some(commands)) => {
            if let Some(refusal) = commands.ending() {
                return stream.sender.reset(&refusal);
            }
            let why = |refusal| desk.explained(refusal);
            exec::exec(commands, exec, followed, stream, &guest, why).await;
        }
        (Err(refusal), _) => stream.sender.reset(&refusal),
        (Ok(_), None) => {
            let refusal = Refusal::new(RefusalCode::Unsupported, "the machine is no workspace's");
            stream.sender.reset(&refusal);
        }
    }
}

/// Answers with one message, or that there is nothing of the kind.
async fn tell<T: Serialize>(mut stream: Stream, answer: Option<T>) {
    let Some(answer) = answer else {
        let refusal = Refusal::new(RefusalCode::NotFound, "nothing of that name runs");
        return stream.sender.reset(&refusal);
    };
    if stream.sender.message(&answer).await.is_ok() {
        let _ = stream.sender.finish().await;
    }
}
