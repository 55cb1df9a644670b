//! What the host told the kernel for us: `pyro.agent=1`, and over which kind of device it speaks.

/// The kernel's command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine(String);

/// The device below the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelKind {
    /// A virtio-serial port (QEMU).
    Serial,
    /// A virtio socket (Firecracker).
    Vsock,
}

/// Reads it; `None` while `/proc` is not mounted.
pub(crate) fn read() -> Option<CommandLine> {
    std::fs::read_to_string("/proc/cmdline").ok().map(CommandLine)
}

impl CommandLine {
    /// Whether this kernel was started by pyro, for its agent.
    pub(crate) fn is_ours(&self) -> bool {
        self.value("pyro.agent") == Some("1")
    }

    /// `pyro.channel=serial|vsock`; a virtio-serial port unless it says vsock.
    pub(crate) fn channel(&self) -> ChannelKind {
        match self.value("pyro.channel") {
            Some("vsock") => ChannelKind::Vsock,
            _ => ChannelKind::Serial,
        }
    }

    fn value(&self, wanted: &str) -> Option<&str> {
        let pairs = self.0.split_ascii_whitespace().filter_map(|word| word.split_once('='));
        pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value).next_back()
    }
}

impl ChannelKind {
    /// The list of modules that its driver needs.
    pub(crate) fn modules(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Vsock => "vsock",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_words_count() {
        let line = |text: &str| CommandLine(text.into());
        assert!(line("quiet pyro.agent=1 pyro.channel=vsock\n").is_ours());
        assert!(!line("quiet xpyro.agent=1 pyro.agent=10").is_ours());
        assert_eq!(line("pyro.channel=vsock").channel(), ChannelKind::Vsock);
        assert_eq!(line("").channel(), ChannelKind::Serial);
    }
}
