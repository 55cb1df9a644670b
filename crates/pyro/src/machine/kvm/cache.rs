//! The probe's answer, kept as long as it must hold: the same boot, CPU, device and pyro. Only an
//! answer that a guest gave is kept; what opening the device says is asked again each time.

use super::outcome::{KvmOutcome, KvmReport};
use super::probe::{DEVICE, probe, refusal};
use crate::config::Config;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What the answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    boot_id: String,
    cpu: String,
    /// Device number of the file system, inode, and device number of the node.
    device: [u64; 3],
    version: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    key: Key,
    outcome: KvmOutcome,
}

/// The longest cache file that is read, in bytes.
const MAX_ENTRY: u64 = 4096;

/// [`probe`] of `/dev/kvm`, at most once per boot: kept in `kvm-probe.json` in the cache directory.
/// A cache that cannot be read or written only costs the time of a probe.
#[must_use]
pub fn probe_cached(config: &Config) -> KvmReport {
    let device = Path::new(DEVICE);
    if let Some(outcome) = refusal(device) {
        return KvmReport { device: device.to_owned(), outcome };
    }
    let file = config.paths.cache().join("kvm-probe.json");
    let key = Key::of(device);
    if let Some(outcome) = key.as_ref().and_then(|key| recall(&file, key)) {
        return KvmReport { device: device.to_owned(), outcome };
    }
    let report = probe(&config.executable, device);
    if let Some(key) = key.filter(|_| is_lasting(&report.outcome)) {
        let _ = keep(&file, &Entry { key, outcome: report.outcome.clone() });
    }
    report
}

/// A guest that ran out of time may have met a busy host.
fn is_lasting(outcome: &KvmOutcome) -> bool {
    matches!(outcome, KvmOutcome::Works | KvmOutcome::GuestFailed { .. })
}

impl Key {
    fn of(device: &Path) -> Option<Self> {
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let cpus = std::fs::read_to_string("/proc/cpuinfo").ok()?;
        let node = device.metadata().ok()?;
        Some(Self {
            boot_id: boot_id.trim().to_owned(),
            cpu: cpus.lines().find(|line| line.starts_with("model name"))?.to_owned(),
            device: [node.dev(), node.ino(), node.rdev()],
            version: env!("CARGO_PKG_VERSION").to_owned(),
        })
    }
}

fn recall(file: &Path, key: &Key) -> Option<KvmOutcome> {
    use std::io::Read;
    let mut json = Vec::new();
    std::fs::File::open(file).ok()?.take(MAX_ENTRY).read_to_end(&mut json).ok()?;
    let entry: Entry = serde_json::from_slice(&json).ok()?;
    (entry.key == *key && is_lasting(&entry.outcome)).then_some(entry.outcome)
}

/// Written aside and renamed: a reader sees the whole entry or none. Not synced: losing it is cheap.
fn keep(file: &Path, entry: &Entry) -> std::io::Result<()> {
    let directory = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory)?;
    let aside = directory.join(format!("kvm-probe.json.{}", std::process::id()));
    std::fs::write(&aside, serde_json::to_vec(entry)?)?;
    std::fs::rename(&aside, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(boot_id: &str) -> Key {
        let version = "1".to_owned();
        Key { boot_id: boot_id.to_owned(), cpu: "c".to_owned(), device: [1, 2, 3], version }
    }

    #[test]
    fn an_answer_holds_for_its_boot_only() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("deep/kvm-probe.json");
        assert_eq!(recall(&file, &key("a")), None);
        let outcome = KvmOutcome::GuestFailed { exit_reason: 17, suberror: Some(1) };
        keep(&file, &Entry { key: key("a"), outcome: outcome.clone() }).unwrap();
        assert_eq!(recall(&file, &key("a")), Some(outcome));
        assert_eq!(recall(&file, &key("b")), None);
        assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_or_transient_entry_is_no_answer() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("kvm-probe.json");
        std::fs::write(&file, "{\"key\":").unwrap();
        assert_eq!(recall(&file, &key("a")), None);
        keep(&file, &Entry { key: key("a"), outcome: KvmOutcome::TimedOut }).unwrap();
        assert_eq!(recall(&file, &key("a")), None);
    }
}
