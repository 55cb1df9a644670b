//! What this host can do, what machines will run on, and what would make it better.
//!
//! [`diagnose`] looks ([`observe`]) and then concludes ([`conclude`]): the first asks the host and
//! judges nothing, the second judges plain data and asks nobody.

mod conclude;
mod finding;
mod memory;
mod monitors;
mod observe;
mod qemu;

pub use conclude::conclude;
pub use finding::{Finding, Level};
pub use memory::Memory;
pub use observe::{Directory, Observations, Platform, observe};
pub use qemu::Qemu;

use crate::config::{Config, Isolation};
use crate::environment::Entry;
use crate::machine::firecracker::program::Found;
use crate::machine::jail::{Tier, TierReport};
use crate::machine::kvm::KvmReport;
use serde::Serialize;

/// A host, examined.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    /// Whether machines can run.
    pub ready: bool,
    /// What they will run on, or why they cannot run: one phrase.
    pub verdict: String,
    /// What would be better than that, one sentence each.
    pub advice: Vec<String>,
    /// What machines will run on; absent where they cannot.
    pub machines: Option<Machines>,
    /// Everything that was looked at, in the order in which a person should read it.
    pub findings: Vec<Finding>,
    /// The system.
    pub platform: Platform,
    /// Hardware virtualisation.
    pub kvm: Kvm,
    /// The Firecracker that was found.
    pub firecracker: Option<Found>,
    /// The QEMU that was found.
    pub qemu: Option<Qemu>,
    /// The strongest process jail, and what is in the way of more.
    pub jail: TierReport,
    /// The catalog, and what of it is installed.
    pub environments: Vec<Entry>,
    /// Where pyro keeps things.
    pub directories: Vec<Directory>,
    /// The host's memory.
    pub memory: Memory,
}

/// What machines will run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Machines {
    /// Which program, and on what: `firecracker`, `qemu-kvm` or `qemu-tcg`.
    pub backend: &'static str,
    /// The same for people: `Firecracker v1.16.1`, `QEMU with software emulation`.
    pub vmm: String,
    /// How strongly a guest is kept apart from the host.
    pub isolation: Isolation,
    /// The process jail around it.
    pub jail: Tier,
    /// Why nothing stronger, one phrase each.
    pub reasons: Vec<String>,
}

/// Hardware virtualisation, with a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kvm {
    /// Whether guests run on it.
    pub usable: bool,
    /// What the probe found, as a phrase.
    pub reason: String,
    /// What the probe found, as data.
    #[serde(flatten)]
    pub report: KvmReport,
}

/// Examines the host. Takes some tens of milliseconds.
#[must_use]
pub fn diagnose(config: &Config) -> Diagnosis {
    conclude(observe(config))
}
