//! The life of machines on the `process` backend with the real agent: commands and how they end,
//! death of every process at every moment, and that nothing is left or grows. This program is also
//! the front end, the shim and the agent: hidden first arguments say which.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "all of it is test code, which clippy cannot see without #[test] functions"
)]

mod commands;
mod death;
mod front_end;
#[path = "../host/mod.rs"]
mod host;
mod interruption;
mod meeting;
mod remains;
mod repetition;
mod strangers;

use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = host::roles::play(agent).or_else(front_end::play).or_else(strangers::play) {
        return code;
    }
    let rooms = [
        commands::trials(),
        death::trials(),
        interruption::trials(),
        meeting::trials(),
        remains::trials(),
        repetition::trials(),
        strangers::trials(),
    ];
    host::conduct(rooms.into_iter().flatten().collect()).exit_code()
}

/// The file in a home whose agents get stuck in their boot.
const STUCK: &str = "stuck";

fn agent(channel: OwnedFd, directory: &Path) -> ExitCode {
    if host::roles::home_of(directory).join(STUCK).exists() {
        loop {
            std::thread::park();
        }
    }
    pyro_agent::run_as_process(channel, directory)
}
