//! The virtio socket to the host (Firecracker): the guest calls, the host listens. A connection is a
//! session; when it is over the next one is a call again, and where nobody listens any more that
//! is the end.

use super::devices::await_device;
use crate::channel::Channel;
use crate::sys;
use nix::errno::Errno;
use nix::sys::socket::{
    self, AddressFamily, SockFlag, SockType, VsockAddr, connect, getsockopt, sockopt,
};
use pyro_proto::handshake::VSOCK_PORT;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// The driver, once it has found its device.
#[derive(Debug)]
pub(crate) struct Vsock(());

/// Waits for the device, which the kernel shows as the file that tells the guest's own address.
pub(super) fn open() -> io::Result<Vsock> {
    await_device(|| std::path::Path::new("/dev/vsock").exists().then_some(()))?;
    Ok(Vsock(()))
}

impl Vsock {
    /// Calls the host.
    pub(super) async fn connected(&self) -> io::Result<Channel> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket::socket(AddressFamily::Vsock, SockType::Stream, flags, None)?;
        let host = VsockAddr::new(nix::libc::VMADDR_CID_HOST, VSOCK_PORT);
        match connect(socket.as_raw_fd(), &host) {
            Ok(()) => Channel::new(socket),
            Err(Errno::EINPROGRESS) => Channel::new(answered(socket).await?),
            Err(error) => Err(error.into()),
        }
    }
}

/// Waits for the host's answer to the call.
async fn answered(socket: OwnedFd) -> io::Result<OwnedFd> {
    let calling = sys::register(socket)?;
    calling.writable().await?.retain_ready();
    let socket = calling.into_inner();
    match getsockopt(&socket, sockopt::SocketError)? {
        0 => Ok(socket),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
