//! Waits for devices to appear, by the kernel's own announcements (`NETLINK_KOBJECT_UEVENT`), with a
//! deadline and without polling.

use super::{Failure, Stage};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a device that the host has plugged in may take to appear.
const PATIENCE: Duration = Duration::from_secs(10);
/// The multicast group that the kernel announces to (`lib/kobject_uevent.c`).
const KERNEL_GROUP: u32 = 1;

/// The disks of a machine.
#[derive(Debug)]
pub(super) struct Disks {
    /// The image: always the first.
    pub(super) image: &'static Path,
    /// The workspace's own disk, if it has one.
    pub(super) workspace: Option<&'static Path>,
}

/// Waits for the image's disk. The driver finds all disks of a kind in one go, so a second one is
/// there too if it exists.
pub(super) fn find_disks() -> Result<Disks, Failure> {
    let (image, workspace) = (Path::new("/dev/vda"), Path::new("/dev/vdb"));
    await_device(|| image.exists().then_some(()))
        .map_err(|e| Failure::new(Stage::Disks, format!("find {}", image.display()), e))?;
    Ok(Disks { image, workspace: workspace.exists().then_some(workspace) })
}

/// Looks with `find` now and after every announcement.
pub(super) fn await_device<T>(mut find: impl FnMut() -> Option<T>) -> io::Result<T> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let announcements = listen()?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        // what came between the first look and the listening is seen here
        if let Some(found) = find() {
            return Ok(found);
        }
        await_announcement(&announcements, deadline)?;
    }
}

fn listen() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        flags,
        Some(netlink::KOBJECT_UEVENT),
    )?;
    rustix::net::bind(&socket, &SocketAddrNetlink::new(0, KERNEL_GROUP))?;
    Ok(socket)
}

/// Waits for at least one, and takes all that wait; their text does not matter.
fn await_announcement(socket: &OwnedFd, deadline: Instant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(Instant::now());
    let left = Timespec::try_from(left).map_err(io::Error::other)?;
    let mut polled = [PollFd::new(socket, PollFlags::IN)];
    if rustix::event::poll(&mut polled, Some(&left))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let mut text = [0u8; 4096];
    loop {
        match rustix::net::recv(socket, &mut text, RecvFlags::empty()) {
            // NOBUFS: there were more than the socket holds
            Ok(_) | Err(Errno::NOBUFS | Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
