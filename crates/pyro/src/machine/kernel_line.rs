//! What every guest's kernel is told, whatever runs it. See
//! Documentation/admin-guide/kernel-parameters.txt of the kernel. Pure text.

/// The device below the agent's channel, by the names that the agent knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelDevice {
    /// A virtio-serial port.
    Serial,
    /// A virtio socket.
    Vsock,
}

/// The words that both VMMs have in common; each adds what only it needs.
pub(super) fn words(channel: ChannelDevice, vcpu_count: u32) -> Vec<String> {
    let channel = match channel {
        ChannelDevice::Serial => "pyro.channel=serial",
        ChannelDevice::Vsock => "pyro.channel=vsock",
    };
    let mut words = vec![
        "quiet",
        "console=ttyS0",
        // a panic ends the VMM at once, with the reason on the console
        "panic=-1",
        // self-tests of the crypto code, page clearing and the patching of locks away
        // cost 0.36 s of an emulated boot together
        "cryptomgr.notests=1",
        "init_on_alloc=0",
        // variables of the agent's own: where its libraries are; and that its allocator (mallopt(3)) keeps the
        // buffers of what flows, which it would give back to the kernel and take again page by page
        "LD_LIBRARY_PATH=/lib/pyro",
        "MALLOC_MMAP_THRESHOLD_=1048576",
        "MALLOC_TRIM_THRESHOLD_=4194304",
        "pyro.agent=1",
        channel,
    ];
    if vcpu_count == 1 {
        words.push("noreplace-smp");
    }
    words.into_iter().map(str::to_owned).collect()
}
