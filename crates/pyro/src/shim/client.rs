//! A front end's connection to the shim of a machine.

use super::directory::{MachineDirectory, SOCKET};
use super::error::ShimError;
use super::protocol::{Ask, Presence, Progress, Ready, Still};
use crate::error::AtPath;
use crate::guest::GuestError;
use crate::journal::Begun;
use crate::secret::SecretEnv;
use bytes::BytesMut;
use pyro_proto::RefusalCode;
use pyro_proto::mux::{Item, Session, Side, Stream};
use pyro_proto::request::{Exec, Request};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tokio::time::Instant;

/// How long a shim may take from its start to the first connection, and a sweep for its removal.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two attempts.
const LOOK: Duration = Duration::from_millis(10);

/// An open connection. Dropping it ends a machine that hangs on it: see
/// [`Tenure`](super::protocol::Tenure) and [`Client::lease`].
#[derive(Debug)]
pub struct Client {
    session: Session,
    directory: MachineDirectory,
    /// Held, not used: the machine ends with it.
    lease: Option<Stream>,
}

impl Client {
    pub(super) fn over(socket: UnixStream, directory: MachineDirectory) -> Result<Self, ShimError> {
        socket.set_nonblocking(true).map_err(ShimError::Spawn)?;
        let socket = tokio::net::UnixStream::from_std(socket).map_err(ShimError::Spawn)?;
        let (session, _) = Session::start(socket, Side::Host, BytesMut::new(), 0);
        Ok(Self { session, directory, lease: None })
    }

    /// Connects to the shim of a machine that runs already.
    ///
    /// # Errors
    /// If nobody listens there.
    pub fn connect(directory: MachineDirectory) -> Result<Self, ShimError> {
        // through the directory's descriptor, because a socket's path has room for 107 bytes only
        let place = File::open(directory.path()).at("open", directory.path())?;
        let short = format!("/proc/self/fd/{}/{SOCKET}", place.as_raw_fd());
        let socket = UnixStream::connect(short).at("connect to", &directory.socket())?;
        Self::over(socket, directory)
    }

    /// Connects to the shim that keeps this machine, even if it is only just starting; `None` where
    /// nobody keeps it, or not for long enough.
    ///
    /// # Errors
    /// [`ShimError::Silent`] if it is kept and nobody listens.
    pub async fn reach(directory: &MachineDirectory) -> Result<Option<Self>, ShimError> {
        let deadline = Instant::now() + PATIENCE;
        while directory.is_kept()? {
            if let Ok(client) = Self::connect(directory.clone()) {
                return Ok(Some(client));
            }
            if Instant::now() > deadline {
                return Err(ShimError::Silent);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(None)
    }

    /// The machine's directory.
    pub(crate) fn directory(&self) -> &MachineDirectory {
        &self.directory
    }

    /// Makes the machine's life hang on this connection from now on.
    ///
    /// # Errors
    /// If the shim is gone.
    pub async fn lease(mut self) -> Result<Self, ShimError> {
        let mut stream = self.open(&Ask::Lease).await?;
        match stream.receiver.next().await {
            Item::Message(_) => self.lease = Some(stream),
            _ => return Err(self.lost()),
        }
        Ok(self)
    }

    /// Says that the workspace is made: its machine goes on without this connection from now on.
    ///
    /// # Errors
    /// If the shim is gone.
    pub async fn made(&self) -> Result<(), ShimError> {
        let mut stream = self.open(&Ask::Made).await?;
        match stream.receiver.next().await {
            Item::Finish => Ok(()),
            _ => Err(self.lost()),
        }
    }

    /// Holds the machine still, see [`Ask::Still`], until what is returned is dropped or let go.
    ///
    /// # Errors
    /// If it cannot be stopped, or the shim is gone.
    pub async fn still(&self) -> crate::Result<Standing> {
        let mut stream = self.open(&Ask::Still).await?;
        let Still { frozen } = self.answer(&mut stream).await?;
        Ok(Standing { stream, frozen })
    }

    /// Waits until the machine has booted.
    ///
    /// # Errors
    /// Why it did not.
    pub async fn ready(&self) -> crate::Result<()> {
        let mut stream = self.open(&Ask::Ready).await?;
        match stream.receiver.next().await {
            Item::Message(json) => match serde_json::from_slice(&json) {
                Ok(Ready::Yes) => Ok(()),
                Ok(Ready::Failed(report)) => Err(report.into()),
                Err(_) => Err(GuestError::Nonsense("a readiness that cannot be read").into()),
            },
            _ => Err(self.lost().into()),
        }
    }

    /// Opens a stream to the agent.
    ///
    /// # Errors
    /// If the shim is gone.
    pub async fn guest(&self, request: Request) -> Result<Stream, ShimError> {
        self.open(&Ask::Guest { request }).await
    }

    /// Ends the machine; when this returns, nothing of it is left on the host.
    ///
    /// # Errors
    /// If the shim vanished before it said so.
    pub async fn end(&self) -> Result<(), ShimError> {
        self.ask_for_end(&Ask::End).await
    }

    async fn ask_for_end(&self, ask: &Ask) -> Result<(), ShimError> {
        let mut stream = self.open(ask).await?;
        match stream.receiver.next().await {
            Item::Finish => Ok(()),
            _ if !self.directory.path().exists() => Ok(()),
            _ => Err(self.lost()),
        }
    }

    /// As [`Client::end`], but the guest first brings its disk into order.
    ///
    /// # Errors
    /// If the shim vanished before it said so.
    pub async fn stop(&self) -> Result<(), ShimError> {
        self.ask_for_end(&Ask::Stop).await
    }

    /// Runs a command of a workspace, see [`Ask::Exec`]; a stream on which what was begun has been read.
    ///
    /// # Errors
    /// If the shim is gone, or cannot write down that the command begins.
    pub async fn exec(
        &self,
        exec: Exec,
        secret_env: Vec<SecretEnv>,
        followed: bool,
    ) -> crate::Result<(Begun, Stream)> {
        let mut stream = self.open(&Ask::Exec { exec, followed, secret_env }).await?;
        let begun = self.answer(&mut stream).await?;
        Ok((begun, stream))
    }

    /// Waits for a command of a workspace, see [`Ask::Await`].
    ///
    /// # Errors
    /// If it does not run.
    pub async fn progress(
        &self,
        exec_id: &str,
        beyond: u64,
        wait: Duration,
    ) -> crate::Result<Progress> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let ask = Ask::Await { exec_id: exec_id.to_owned(), beyond, wait_ms };
        self.answer(&mut self.open(&ask).await?).await
    }

    /// Ends a command of a workspace: politely, then by force.
    ///
    /// # Errors
    /// If it does not run.
    pub async fn stop_exec(&self, exec_id: &str) -> crate::Result<Progress> {
        let ask = Ask::StopExec { exec_id: exec_id.to_owned() };
        self.answer(&mut self.open(&ask).await?).await
    }

    /// How a workspace stands, after giving it another time to live if one is named.
    ///
    /// # Errors
    /// If the shim is gone.
    pub async fn presence(&self, ttl_seconds: Option<u64>) -> crate::Result<Presence> {
        self.answer(&mut self.open(&Ask::Presence { ttl_seconds }).await?).await
    }

    /// The one message that comes.
    async fn answer<T: DeserializeOwned>(&self, stream: &mut Stream) -> crate::Result<T> {
        match stream.receiver.next().await {
            Item::Message(json) => Ok(serde_json::from_slice(&json)
                .map_err(|_| GuestError::Nonsense("an answer that cannot be read"))?),
            Item::Reset(refusal) if refusal.code != RefusalCode::Disconnected => {
                Err(GuestError::from(refusal).into())
            }
            _ => Err(self.lost().into()),
        }
    }

    async fn open(&self, ask: &Ask) -> Result<Stream, ShimError> {
        self.session.open(ask).await.map_err(|_| self.lost())
    }

    fn lost(&self) -> ShimError {
        ShimError::Lost { log: self.directory.last_words() }
    }
}

/// A machine that is held still. It goes on when this is dropped.
#[derive(Debug)]
pub struct Standing {
    stream: Stream,
    /// Whether its guest brought the disk's file system into order before.
    pub frozen: bool,
}

impl Standing {
    /// Lets it go on, and waits until it does. One that is gone by now needs nobody.
    pub async fn go_on(mut self) {
        if self.stream.sender.finish().await.is_ok() {
            let _ = self.stream.receiver.next().await;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.session.close();
    }
}
