//! The secrets of a workspace, given to its guest before anybody is told that it is ready: files in memory,
//! never on its disk. A machine that boots again is given them again.

use crate::guest::{GuestError, transfer};
use crate::machine::BackendSpec;
use crate::secret::{GUEST_DIRECTORY, Secret, SecretError, Vault};
use pyro_proto::mux::Session;
use pyro_proto::request::Request;
use std::time::Duration;
use tar::{EntryType, Header};

/// A guest that has just booted takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of the host has no memory of its own to keep files in: there, secrets are variables only.
pub(super) async fn deliver(
    vault: &Vault,
    backend: &BackendSpec,
    guest: &Session,
) -> Result<(), SecretError> {
    if vault.is_empty() || *backend == BackendSpec::Process {
        return Ok(());
    }
    match tokio::time::timeout(PATIENCE, give(vault.secrets(), guest)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(SecretError::Undelivered(crate::Error::from(error).to_string())),
        Err(_) => Err(SecretError::Undelivered("it did not answer in time".to_owned())),
    }
}

/// `/run` is a tmpfs that the agent has just mounted, and nothing but the agent runs yet.
async fn give(secrets: &[Secret], guest: &Session) -> Result<(), GuestError> {
    let (parent, name) = GUEST_DIRECTORY.rsplit_once('/').unwrap_or_default();
    let archive =
        archive(name, secrets).map_err(|error| GuestError::Host("pack the secrets", error))?;
    let request = Request::WriteTree { path: parent.into(), replace: false };
    transfer::send(guest.open(&request).await?, &mut &archive[..]).await?;
    Ok(())
}

fn archive(directory: &str, secrets: &[Secret]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = header(EntryType::Directory, 0o700, 0);
    archive.append_data(&mut header, format!("{directory}/"), &[][..])?;
    for secret in secrets {
        let value = secret.value();
        let mut header = self::header(EntryType::Regular, 0o400, value.len());
        archive.append_data(&mut header, format!("{directory}/{}", secret.name()), value)?;
    }
    archive.into_inner()
}

fn header(kind: EntryType, mode: u32, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_mtime(0);
    header
}
