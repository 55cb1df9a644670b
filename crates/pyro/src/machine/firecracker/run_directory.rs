//! The directory where Firecracker makes its sockets, and the listener that the guest calls.

use super::NAME;
use crate::error::AtPath;
use crate::machine::jail::Bind;
use crate::machine::{MachineError, files};
use pyro_proto::handshake::VSOCK_PORT;
use std::fs::{DirBuilder, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use tokio::net::UnixListener;

/// The API's socket: named from within the directory, because a socket's path has room for 107
/// bytes only (unix(7)).
pub(super) const API_SOCKET: &str = "api.sock";
/// The virtio socket device: a connection of the guest to port N of the host arrives at the socket
/// of this name with `_N` added (Firecracker, docs/vsock.md).
pub(super) const VSOCK: &str = "vsock";
/// A directory below the machine's own, open.
#[derive(Debug)]
pub(super) struct RunDirectory {
    path: PathBuf,
    handle: File,
    listener: UnixListener,
}

impl RunDirectory {
    /// Makes it anew, for a VMM that runs as `uid`, with a listener for the guest.
    pub(super) fn create(machine: &Path, uid: Option<u32>) -> Result<Self, MachineError> {
        let path = machine.join("run");
        // of an earlier try to boot this machine
        if path.exists() {
            std::fs::remove_dir_all(&path).at("remove", &path)?;
        }
        DirBuilder::new().mode(0o700).create(&path).at("create", &path)?;
        let handle = File::open(&path).at("open", &path)?;
        let socket = format!("{VSOCK}_{VSOCK_PORT}");
        let listener = UnixListener::bind(short(&handle, &socket))
            .map_err(|source| MachineError::Spawn { program: NAME, source })?;
        files::hand_over(&path.join(socket), uid)?;
        files::hand_over(&path, uid)?;
        Ok(Self { path, handle, listener })
    }

    /// As the jail sees it.
    pub(super) fn bind(&self) -> Bind {
        Bind { host: self.path.clone(), inside: "/vm/run".into(), writable: true }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A short path of something in it.
    pub(super) fn short(&self, name: &str) -> PathBuf {
        short(&self.handle, name)
    }

    /// Where the guest's connections come in.
    pub(super) fn listener(&self) -> &UnixListener {
        &self.listener
    }
}

fn short(directory: &File, name: &str) -> PathBuf {
    format!("/proc/self/fd/{}/{name}", directory.as_raw_fd()).into()
}
