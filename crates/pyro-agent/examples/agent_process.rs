//! The agent in an ordinary process, for this crate's tests: `agent_process DIRECTORY`, with the
//! channel as file descriptor 3.
#![allow(unsafe_code)] // takes over an inherited descriptor by its number

use std::os::fd::{FromRawFd, OwnedFd};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(directory) = std::env::args_os().nth(1) else { return ExitCode::from(2) };
    // SAFETY: whoever starts this example passes a socket as descriptor 3, and nothing else uses it.
    let channel = unsafe { OwnedFd::from_raw_fd(3) };
    pyro_agent::run_as_process(channel, directory.as_ref())
}
