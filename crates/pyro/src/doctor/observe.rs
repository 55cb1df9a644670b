//! Asks the host. Judges nothing.

use super::{Memory, Qemu};
use crate::config::{BackendChoice, Config, Isolation};
use crate::environment::{Entry, Environments};
use crate::error::Report;
use crate::machine::choose::HostFacts;
use crate::network::proxy_setting;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What the host answered, and what the user has set.
#[derive(Debug, Clone)]
pub struct Observations {
    /// The backend that the user wants.
    pub wanted: BackendChoice,
    /// The isolation that the user insists on.
    pub required: Option<Isolation>,
    /// The system.
    pub platform: Platform,
    /// What decides about the backend.
    pub host: HostFacts,
    /// The QEMU that was found.
    pub qemu: Option<Qemu>,
    /// Why the host's own tools cannot build environments; absent where they can.
    pub building: Option<Report>,
    /// Where the catalog is looked for before it is built.
    pub registry: Option<String>,
    /// Why guests have no kernel here; absent where there is one, or a way to it.
    pub kernel: Option<Report>,
    /// The catalog, and what of it is installed; or why that cannot be told.
    pub environments: Result<Vec<Entry>, Report>,
    /// Where pyro keeps things.
    pub directories: Vec<Directory>,
    /// The host's memory.
    pub memory: Memory,
    /// The setting whose proxy guests' connections go through; or what is wrong with it.
    pub proxy: Result<Option<&'static str>, String>,
}

/// The host's system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// `linux`.
    pub system: String,
    /// `x86_64`.
    pub architecture: String,
    /// The kernel's release.
    pub kernel: String,
}

/// A place of pyro's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Directory {
    /// What is kept there: `cache`, `state`.
    pub purpose: &'static str,
    /// Where.
    pub path: PathBuf,
    /// Free bytes for this user on its disk; absent where the disk does not say.
    pub free_bytes: Option<u64>,
}

/// Asks the host. What is slow to find out is remembered until the next boot.
#[must_use]
pub fn observe(config: &Config) -> Observations {
    let environments = Environments::new(config.clone());
    let host = HostFacts::gather(config);
    Observations {
        wanted: config.backend,
        required: config.require_isolation,
        platform: platform(),
        qemu: host.qemu.clone().map(Qemu::at),
        host,
        registry: config.registries.catalog.clone(),
        building: environments.check_host().err().map(|error| error.report()),
        kernel: environments.check_kernel().err().map(|error| error.report()),
        environments: environments
            .list()
            .map(|listing| listing.environments)
            .map_err(|error| error.report()),
        directories: vec![
            directory("cache", config.paths.cache()),
            directory("state", config.paths.state()),
        ],
        memory: Memory::parse(&std::fs::read_to_string("/proc/meminfo").unwrap_or_default()),
        proxy: proxy_setting(&config.proxies),
    }
}

fn platform() -> Platform {
    Platform {
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
    }
}

fn directory(purpose: &'static str, path: &Path) -> Directory {
    // What does not exist yet will be made on the disk of what does.
    let existing = path.ancestors().find(|path| path.exists());
    let disk = existing.and_then(|path| rustix::fs::statvfs(path).ok());
    let free_bytes = disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    Directory { purpose, path: path.to_owned(), free_bytes }
}
