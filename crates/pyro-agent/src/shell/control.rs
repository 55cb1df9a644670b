//! What the host says to a running shell: what is typed, and words about its terminal. These are seen
//! even while nobody reads what is typed.

use super::terminal;
use crate::exec::Input;
use crate::scope::Scope;
use pyro_proto::frame::Lane;
use pyro_proto::mux::{Item, Receiver};
use pyro_proto::shell::ShellControl;
use rustix::process::{Pid, Signal};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

/// How long a shell may take to obey SIGHUP: to save its history, and tell its jobs.
const GRACE: Duration = Duration::from_millis(300);

/// What can be done to a shell beside typing.
#[derive(Debug)]
pub(super) struct Handle<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) group: Pid,
    pub(super) terminal: &'a terminal::Handle,
}

/// Types and obeys until the host ends the stream.
pub(super) async fn obey<W: AsyncWrite + Unpin>(
    receiver: &mut Receiver,
    keys: W,
    handle: Handle<'_>,
) {
    let mut input = Input::into_pipe(Some(keys));
    let mut end = None;
    loop {
        tokio::select! {
            item = receiver.next_held() => match item {
                Item::Data(Lane::Main, data) if input.is_open() => input.push(data),
                // nobody reads it
                Item::Data(_, data) => receiver.consumed(&data),
                Item::Message(message) => end = handle.obey(&message).or(end),
                Item::Finish | Item::Reset(_) => return,
            },
            written = input.write() => match written {
                Ok(Some(piece)) => receiver.consumed(&piece),
                Ok(None) => {}
                Err(_) => input.abandon(receiver),
            },
            () = at(end) => {
                end = None;
                handle.scope.kill().await;
            }
        }
    }
}

impl Handle<'_> {
    /// A word that cannot be read, and one to programs that have just ended, are nobody's error. Returns
    /// when the shell is to be ended by force, if it is.
    fn obey(&self, message: &[u8]) -> Option<Instant> {
        match serde_json::from_slice(message).ok()? {
            ShellControl::Resize { size } => drop(self.terminal.resize(size)),
            ShellControl::Signal { signal } => {
                self.terminal.signal(Signal::from_named_raw(signal)?);
            }
            ShellControl::Close => {
                self.terminal.signal(Signal::HUP);
                let _ = rustix::process::kill_process_group(self.group, Signal::HUP);
                return Some(Instant::now() + GRACE);
            }
        }
        None
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
