//! The hidden roles that pyro's executable plays, played by the test program.

use pyro::machine::process::AGENT_ROLE;
use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Plays the role that this process was started for, with `agent` in the agent's; nothing where
/// it was started as a test. The agent gets its channel and the machine's directory.
pub(crate) fn play(agent: fn(OwnedFd, &Path) -> ExitCode) -> Option<ExitCode> {
    let role = std::env::args_os().nth(1)?;
    let mut arguments = std::env::args_os().skip(2);
    if role == pyro::shim::ROLE {
        return Some(pyro::shim::main(arguments));
    }
    (role == AGENT_ROLE).then(|| {
        let directory: Option<OsString> = arguments.next();
        let channel = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
        rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null").unwrap()).unwrap();
        agent(channel, &PathBuf::from(directory.unwrap()))
    })
}

/// The home directory of the machine in `directory`, see [`pyro::paths::Paths::below`].
pub(crate) fn home_of(directory: &Path) -> &Path {
    directory.ancestors().nth(3).unwrap()
}
