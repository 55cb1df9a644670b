//! How much a seed may be. What is counted is what comes out: entries and bytes in the workspace, not
//! the length of an archive.

use super::SeedError;
use super::error::shown;
use crate::archive::Growth;

/// Longest path that Linux takes, without the NUL at its end (`PATH_MAX` of `linux/limits.h`).
const MAX_PATH: usize = 4095;
/// Longest name (`NAME_MAX` of `linux/limits.h`).
const MAX_NAME: usize = 255;

/// What a source may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedLimits {
    /// Entries: files, directories and links.
    pub max_entries: u64,
    /// Bytes of content of all files together; holes count.
    pub max_bytes: u64,
    /// How many times its own length a compressed archive may unpack to, once it is beyond
    /// [`ratio_counts_from`](Self::ratio_counts_from).
    pub max_ratio: u64,
    /// Unpacked bytes up to which the ratio is nobody's business.
    pub ratio_counts_from: u64,
    /// Bytes of one extended header of an archive.
    pub max_extension: u64,
}

impl Default for SeedLimits {
    fn default() -> Self {
        Self {
            max_entries: 2_000_000,
            max_bytes: 16 << 30,
            max_ratio: 200,
            ratio_counts_from: 256 << 20,
            max_extension: 1 << 20,
        }
    }
}

impl SeedLimits {
    pub(super) fn growth(&self) -> Growth {
        Growth { max_ratio: self.max_ratio, counts_from: self.ratio_counts_from }
    }
}

/// What has been counted.
#[derive(Debug)]
pub(super) struct Tally {
    limits: SeedLimits,
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

impl Tally {
    pub(super) fn new(limits: SeedLimits) -> Self {
        Self { limits, entries: 0, bytes: 0 }
    }

    /// Counts one entry with `bytes` of content.
    pub(super) fn count(&mut self, path: &[u8], bytes: u64) -> Result<(), SeedError> {
        check_name(path)?;
        self.entries += 1;
        if self.entries > self.limits.max_entries {
            return Err(too_much(path, self.limits.max_entries, "entries"));
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > self.limits.max_bytes {
            return Err(too_much(path, self.limits.max_bytes, "bytes of content"));
        }
        Ok(())
    }

    /// How many entries may still come.
    pub(super) fn entries_left(&self) -> u64 {
        self.limits.max_entries - self.entries.min(self.limits.max_entries)
    }

    /// The refusal of a directory with more names than may still come.
    pub(super) fn crowded(&self, path: &[u8]) -> SeedError {
        too_much(path, self.limits.max_entries, "entries")
    }
}

fn too_much(path: &[u8], limit: u64, what: &'static str) -> SeedError {
    SeedError::TooMuch { entry: shown(path), limit, what }
}

/// Refuses a name that no Linux file system holds.
fn check_name(path: &[u8]) -> Result<(), SeedError> {
    if path.is_empty() {
        return Err(SeedError::entry(path, "it has no name"));
    }
    if path.len() > MAX_PATH {
        return Err(SeedError::entry(path, "its path is longer than 4095 bytes"));
    }
    if path.contains(&0) {
        return Err(SeedError::entry(path, "its name contains a NUL byte"));
    }
    if path.split(|byte| *byte == b'/').any(|component| component.len() > MAX_NAME) {
        return Err(SeedError::entry(path, "its name is longer than 255 bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_exact_and_name_the_entry() {
        let limits = SeedLimits { max_entries: 2, max_bytes: 10, ..SeedLimits::default() };
        let mut tally = Tally::new(limits);
        tally.count(b"a", 10).unwrap();
        let error = tally.count(b"b", 1).unwrap_err();
        assert_eq!(error.to_string(), "at the entry b the seed has more than 10 bytes of content");
        let error = tally.count(b"c", 0).unwrap_err();
        assert_eq!(error.to_string(), "at the entry c the seed has more than 2 entries");
    }

    #[test]
    fn names_are_checked() {
        check_name(&[b'a'; 255]).unwrap();
        for bad in [&[b'a'; 256][..], &b"a/".repeat(2048), b"a\0b", b""] {
            assert!(check_name(bad).is_err());
        }
    }
}
