//! From the kernel's first process to a machine that can serve: one phase per file, in this order.
//! Nothing here talks to the host; it only fails with the stage that failed.

mod channel;
mod command_line;
mod devices;
mod failure;
mod greeting;
mod kernel_mounts;
mod modules;
mod port;
mod power;
mod root;
mod settle;
mod timeline;
mod vsock;

pub(crate) use channel::ChannelDevice;
pub(crate) use command_line::{ChannelKind, CommandLine, read as command_line};
pub(crate) use failure::{Failure, Stage};
pub(crate) use greeting::greet;
pub(crate) use power::power_off;
pub(crate) use settle::CGROUPS;

use crate::console;
use std::os::fd::OwnedFd;
use timeline::Timeline;

/// Makes the kernel's own file systems visible and reads what it was told.
pub(crate) fn begin() -> Result<CommandLine, Failure> {
    kernel_mounts::mount()?;
    let line = command_line().filter(CommandLine::is_ours);
    line.ok_or_else(|| {
        let error = std::io::ErrorKind::Unsupported.into();
        Failure::new(Stage::KernelMounts, "find pyro.agent=1 on the kernel's command line", error)
    })
}

/// Opens the channel first of all devices, so that every later failure can be told to the host.
pub(crate) fn open_channel(kind: ChannelKind) -> Result<ChannelDevice, Failure> {
    modules::load(kind.modules())?;
    channel::open(kind)
}

/// Everything else: the root file system, and what programs expect to find in it. Returns the
/// workspace's disk, which no path leads to any more.
pub(crate) fn complete() -> Result<OwnedFd, Failure> {
    let mut timeline = Timeline::begin();
    modules::load("storage")?;
    timeline.mark("modules");
    let disks = devices::find_disks()?;
    timeline.mark("disks");
    let disk = root::mount(&disks)?;
    timeline.mark("root");
    root::switch()?;
    timeline.mark("switch");
    settle::settle()?;
    timeline.mark("settle");
    console::say(timeline);
    Ok(disk)
}
