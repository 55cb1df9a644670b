//! What this host can do, found out by trying. It decides nothing.

use crate::config::Config;
use crate::machine::firecracker::program::{self, Found};
use crate::machine::jail::{self, TierReport};
use crate::machine::kvm::{self, KvmReport};
use crate::machine::remembered::remembered;
use serde::Serialize;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What this host can do.
#[derive(Debug, Clone, Serialize)]
pub struct HostFacts {
    /// Whether KVM runs guests.
    pub kvm: KvmReport,
    /// The Firecracker program, if there is one.
    pub firecracker: Option<Found>,
    /// The QEMU program, if there is one.
    pub qemu: Option<PathBuf>,
    /// The strongest jail.
    pub jail: TierReport,
}

impl HostFacts {
    /// Finds out; what is slow is remembered until the next boot.
    #[must_use]
    pub fn gather(config: &Config) -> Self {
        Self {
            kvm: kvm::probe_cached(config),
            firecracker: program::find(config),
            qemu: config.qemu.clone().or_else(|| config.find_program("qemu-system-x86_64")),
            jail: strongest_jail(config),
        }
    }
}

/// The strongest jail of this host.
pub(crate) fn strongest_jail(config: &Config) -> TierReport {
    let user = rustix::process::geteuid().as_raw();
    let key = config.executable.metadata().map_or_else(
        |_| String::new(),
        |m| format!("{}:{}:{}:{user}", m.dev(), m.ino(), m.mtime()),
    );
    let file = config.paths.cache().join("jail-probe.json");
    remembered(&file, &key, || jail::probe(&config.executable))
}
