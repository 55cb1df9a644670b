//! Machines on the `process` backend, with the real agent and with hostile ones. This program is also
//! the front end, the shim and the agent: hidden first arguments say which.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

mod certificates;
#[path = "../host/mod.rs"]
mod host;
mod hostile;
mod lifecycle;
mod services;
mod workspaces;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = host::roles::play(agent).or_else(lifecycle::play) {
        return code;
    }
    host::conduct(
        [
            certificates::trials(),
            lifecycle::trials(),
            workspaces::trials(),
            services::trials(),
            hostile::trials(),
        ]
        .into_iter()
        .flatten()
        .collect(),
    )
    .exit_code()
}

/// Each home decides which kind its machines have.
fn agent(channel: OwnedFd, directory: &Path) -> ExitCode {
    if hostile::is_hostile(directory) {
        return hostile::act(channel, directory);
    }
    lifecycle::agent(channel, directory)
}
