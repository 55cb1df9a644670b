//! The machine that a program wishes for.

use pyo3::prelude::*;
use pyro::config::CaSource;
use pyro::network::AllowList;
use pyro::vm::VmSpec;
use pyro::{Config, Error};
use std::ffi::OsString;
use std::path::Path;

/// What all verbs that make machines have in common: `_wishes.Machine` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct MachineWish {
    environment: String,
    vcpu_count: u32,
    mem_mib: u32,
    ttl_seconds: u64,
    network: bool,
    allow_hosts: Vec<String>,
    allow_nets: Vec<String>,
    ca_bundle: Option<OsString>,
    allow_host_compat: bool,
    allow_weak_isolation: bool,
}

impl MachineWish {
    /// The settings, with the certificates of this machine.
    pub(crate) fn config(&self, config: &Config) -> Config {
        // a relative path begins where this process is
        let own = self.ca_bundle.clone().map(|name| CaSource::named(name, Path::new("")));
        Config { ca_bundle: own.or_else(|| config.ca_bundle.clone()), ..config.clone() }
    }

    pub(crate) fn spec(self) -> Result<VmSpec, Error> {
        Ok(VmSpec {
            environment: self.environment,
            vcpu_count: self.vcpu_count,
            mem_mib: self.mem_mib,
            ttl_seconds: self.ttl_seconds,
            network: self.network,
            allow: AllowList::parse(&self.allow_hosts, &self.allow_nets)?,
            allow_host_compat: self.allow_host_compat,
            allow_weak_isolation: self.allow_weak_isolation,
        })
    }
}
