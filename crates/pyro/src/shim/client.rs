//! A front end's connection to the shim of a machine.

use super::directory::{MachineDirectory, SOCKET};
use super::error::ShimError;
use super::protocol::{Ask, Ready};
use crate::error::AtPath;
use crate::guest::GuestError;
use bytes::BytesMut;
use pyro_proto::mux::{Item, Session, Side, Stream};
use pyro_proto::request::Request;
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
        let mut stream = self.open(&Ask::End).await?;
        match stream.receiver.next().await {
            Item::Finish => Ok(()),
            _ if !self.directory.path().exists() => Ok(()),
            _ => Err(self.lost()),
        }
    }

    async fn open(&self, ask: &Ask) -> Result<Stream, ShimError> {
        self.session.open(ask).await.map_err(|_| self.lost())
    }

    fn lost(&self) -> ShimError {
        ShimError::Lost { log: self.directory.last_words() }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.session.close();
    }
}
