//! The host's memory, from `/proc/meminfo` (proc_meminfo(5)).

use serde::Serialize;

/// How much memory there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// All of it.
    pub total_bytes: u64,
    /// What new programs can have without swapping, by the kernel's estimate.
    pub available_bytes: u64,
}

impl Memory {
    /// Reads the text of `/proc/meminfo`; what is missing there counts as zero.
    pub(super) fn parse(meminfo: &str) -> Self {
        let bytes = |name: &str| {
            let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
            kib.unwrap_or(0).saturating_mul(1024)
        };
        Self { total_bytes: bytes("MemTotal"), available_bytes: bytes("MemAvailable") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kibibytes_become_bytes_and_nonsense_becomes_zero() {
        let text = "MemTotal:       16 kB\nMemFree: 1 kB\nMemAvailable:    8 kB\n";
        assert_eq!(Memory::parse(text), Memory { total_bytes: 16 << 10, available_bytes: 8 << 10 });
        assert_eq!(Memory::parse("MemTotal: x kB"), Memory { total_bytes: 0, available_bytes: 0 });
    }
}
