//! Starts a shim, from the front end's side.

use super::client::Client;
use super::directory::Lock;
use super::protocol::Assignment;
use super::{MachineDirectory, ROLE, ShimError};
use crate::error::AtPath;
use crate::store::record;
use std::fs::File;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Starts the shim of a machine whose directory is `directory`. The connection that comes back is, where
/// the machine is [`Tenure::Leased`](super::protocol::Tenure), its lease: when it closes, for whatever
/// reason, the machine ends.
///
/// # Errors
/// If the record cannot be written or the process not started.
pub fn launch(
    executable: &Path,
    directory: &MachineDirectory,
    lock: Lock,
    assignment: &Assignment,
) -> Result<Client, ShimError> {
    record::write(&directory.assignment(), assignment)?;
    let log = directory.log();
    let log = File::create(&log).at("create", &log)?;
    let (ours, theirs) = UnixStream::pair().map_err(ShimError::Spawn)?;
    // lease and lock travel as stdin and stdout: no other child of this process can inherit them
    let mut starter = Command::new(executable)
        .arg(ROLE)
        .arg(directory.path())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stdout(Stdio::from(lock.0))
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(ShimError::Spawn)?;
    // the starter ends at once: the shim is nobody's child, so that hosts that kill their process
    // tree do not find it
    starter.wait().map_err(ShimError::Spawn)?;
    Client::over(ours, directory.clone())
}
