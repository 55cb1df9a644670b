//! What carries the byte stream to the host, whichever device that is.

use super::port::{self, Port};
use super::vsock::{self, Vsock};
use super::{ChannelKind, Failure, Stage};
use crate::channel::Channel;
use std::io;

/// The device of the channel, found and open.
#[derive(Debug)]
pub(crate) enum ChannelDevice {
    /// A virtio-serial port.
    Serial(Port),
    /// A virtio socket.
    Vsock(Vsock),
}

/// Opens the channel's device once it is there.
pub(super) fn open(kind: ChannelKind) -> Result<ChannelDevice, Failure> {
    let opened = match kind {
        ChannelKind::Serial => port::open().map(ChannelDevice::Serial),
        ChannelKind::Vsock => vsock::open().map(ChannelDevice::Vsock),
    };
    let name = kind.modules();
    opened.map_err(|e| Failure::new(Stage::Channel, format!("open the {name} channel"), e))
}

impl ChannelDevice {
    /// A connection to the host, once it is there.
    pub(crate) async fn connected(&self) -> io::Result<Channel> {
        match self {
            Self::Serial(port) => port.connected().await,
            Self::Vsock(vsock) => vsock.connected().await,
        }
    }
}
