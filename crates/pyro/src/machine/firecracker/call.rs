//! From a Firecracker that has just been executed to the guest's call: its API appears, it is told
//! what the machine is, the guest starts, and its agent connects. Each step has a name that errors
//! quote; how long all of it may take is the caller's to say.

use super::NAME;
use super::api::{Api, ApiError};
use super::configuration::{Configuration, Setting};
use super::confinement::unfiltered_thread;
use super::run_directory::{API_SOCKET, RunDirectory};
use crate::machine::jail::{ProcessIdentity, Tier};
use crate::machine::{MachineError, sys};
use rustix::fs::inotify;
use std::io;
use std::os::fd::OwnedFd;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;

/// Everything that leads to a connection of the agent.
#[derive(Debug)]
pub struct Call {
    run: RunDirectory,
    configuration: Configuration,
    vmm: ProcessIdentity,
    jail: Tier,
    stage: &'static str,
    /// There once the guest runs: never connected to again, because from then on whoever has broken
    /// out of the guest could put something else in the socket's place.
    api: Option<Api>,
}

impl Call {
    pub(super) fn new(
        run: RunDirectory,
        configuration: Configuration,
        vmm: ProcessIdentity,
        jail: Tier,
    ) -> Self {
        Self { run, configuration, vmm, jail, stage: "api_socket", api: None }
    }

    /// How far it has come.
    pub(crate) fn stage(&self) -> &'static str {
        self.stage
    }

    /// The next connection that the guest makes. The first call configures and starts the guest.
    pub(crate) async fn next(&mut self) -> Result<UnixStream, MachineError> {
        if self.api.is_none() {
            let mut api = self.connect().await.map_err(|source| self.lost(source))?;
            self.configure(&mut api).await?;
            self.check_confinement()?;
            self.api = Some(api);
            self.stage = "agent";
        }
        let (stream, _) = self.run.listener().accept().await.map_err(|source| self.lost(source))?;
        Ok(stream)
    }

    /// Connects to the API as soon as its socket listens.
    async fn connect(&self) -> io::Result<Api> {
        let socket = self.run.short(API_SOCKET);
        let appearance = Appearance::watch(&self.run)?;
        loop {
            match UnixStream::connect(&socket).await {
                Ok(stream) => return Ok(Api::over(stream)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => appearance.wait().await?,
                // bound, and about to listen: the next system call of the same thread
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    tokio::task::yield_now().await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn configure(&mut self, api: &mut Api) -> Result<(), MachineError> {
        for Setting { stage, path, body } in &self.configuration.0 {
            self.stage = stage;
            match api.put(path, body).await {
                Ok(()) => {}
                Err(ApiError::Lost(source)) => return Err(self.lost(source)),
                Err(ApiError::Refused(message)) => {
                    return Err(MachineError::Refused { program: NAME, stage, message });
                }
            }
        }
        Ok(())
    }

    /// The guest runs already, but nobody has spoken to it, and it has no way out of the jail.
    fn check_confinement(&mut self) -> Result<(), MachineError> {
        self.stage = "seccomp";
        match unfiltered_thread(self.vmm, self.jail) {
            Some(thread) => Err(MachineError::Unconfined { program: NAME, thread }),
            None => Ok(()),
        }
    }

    fn lost(&self, source: io::Error) -> MachineError {
        MachineError::Lost { program: NAME, stage: self.stage, source }
    }
}

/// Tells when something is made in the run directory.
struct Appearance(AsyncFd<OwnedFd>);

impl Appearance {
    fn watch(run: &RunDirectory) -> io::Result<Self> {
        let flags = inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK;
        let watcher = inotify::init(flags)?;
        inotify::add_watch(&watcher, run.path(), inotify::WatchFlags::CREATE)?;
        Ok(Self(sys::watch(watcher)?))
    }

    /// Waits for the next thing to appear, and takes all announcements that are there.
    async fn wait(&self) -> io::Result<()> {
        let mut ready = self.0.readable().await?;
        let mut announcements = [0; 4096];
        while rustix::io::read(ready.get_inner(), &mut announcements).is_ok() {}
        ready.clear_ready();
        Ok(())
    }
}
