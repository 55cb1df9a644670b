//! The virtio-serial port to the host. A port is not a connection: it stays while hosts come and go,
//! and until one is there it reads as ended and polls as hung up (`drivers/char/virtio_console.c`).

use super::devices::await_device;
use crate::channel::Channel;
use crate::sys;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// The name that the host gives its port.
const NAME: &str = "pyro.agent";
const PORTS: &str = "/sys/class/virtio-ports";

/// The open port; only one process can have it.
#[derive(Debug)]
pub(crate) struct Port(OwnedFd);

/// Opens the port once it is there.
pub(super) fn open() -> io::Result<Port> {
    let device = await_device(find)?;
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
    Ok(Port(rustix::fs::open(&device, flags, Mode::empty())?))
}

/// The device of the port with our name.
fn find() -> Option<PathBuf> {
    let mut ports = fs::read_dir(PORTS).ok()?.filter_map(Result::ok);
    let ours = ports.find(|port| {
        fs::read_to_string(port.path().join("name")).is_ok_and(|name| name.trim_end() == NAME)
    })?;
    Some(Path::new("/dev").join(ours.file_name()))
}

impl Port {
    /// Waits until a host is connected.
    pub(super) async fn connected(&self) -> io::Result<Channel> {
        if self.hung_up()? {
            self.host_comes().await?;
        }
        Channel::new(self.0.try_clone()?)
    }

    fn hung_up(&self) -> io::Result<bool> {
        let mut polled = [PollFd::new(&self.0, PollFlags::OUT)];
        rustix::event::poll(&mut polled, Some(&Timespec::default()))?;
        Ok(polled.iter().any(|port| port.revents().contains(PollFlags::HUP)))
    }

    /// While it is hung up a port is always "ready", so only changes are of use: an
    /// edge-triggered epoll gives them, and tokio waits for that one.
    async fn host_comes(&self) -> io::Result<()> {
        let changes = epoll::create(CreateFlags::CLOEXEC)?;
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::ET;
        epoll::add(&changes, &self.0, EventData::new_u64(0), flags)?;
        let changes = sys::register(changes)?;
        loop {
            let mut change = changes.readable().await?;
            let mut seen = Vec::with_capacity(1);
            let into = rustix::buffer::spare_capacity(&mut seen);
            epoll::wait(change.get_inner(), into, Some(&Timespec::default()))?;
            change.clear_ready();
            if !self.hung_up()? {
                return Ok(());
            }
        }
    }
}
