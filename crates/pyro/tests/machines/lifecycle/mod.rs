//! The life of machines with the real agent: commands and how they end, death of every process at
//! every moment, and that nothing is left or grows.

mod commands;
mod death;
mod front_end;
mod interruption;
mod meeting;
mod remains;
mod repetition;
mod strangers;

use crate::host::roles::home_of;
use libtest_mimic::Trial;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;

pub(crate) fn trials() -> Vec<Trial> {
    let rooms = [
        commands::trials(),
        death::trials(),
        interruption::trials(),
        meeting::trials(),
        remains::trials(),
        repetition::trials(),
        strangers::trials(),
    ];
    rooms.into_iter().flatten().collect()
}

/// Plays the front end or the stranger, where this process was started for that.
pub(crate) fn play() -> Option<ExitCode> {
    front_end::play().or_else(strangers::play)
}

/// The file in a home whose agents get stuck in their boot.
const STUCK: &str = "stuck";

/// The real agent.
pub(crate) fn agent(channel: OwnedFd, directory: &Path) -> ExitCode {
    if home_of(directory).join(STUCK).exists() {
        loop {
            std::thread::park();
        }
    }
    pyro_agent::run_as_process(channel, directory)
}
