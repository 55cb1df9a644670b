//! The processes that this one executable can be. PID 1 of a guest is recognised by how it was
//! started; the others by a hidden first argument. All are decided before the command line is read
//! and before any thread exists, because the jail launcher needs a process of one thread.

use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

type Arguments = std::iter::Skip<std::env::ArgsOs>;
type Play = fn(Arguments) -> ExitCode;

/// Hidden first arguments, and what they make of the process.
const ROLES: [(&str, Play); 5] = [
    (pyro::shim::ROLE, |arguments| pyro::shim::main(arguments)),
    (pyro::machine::jail::ROLE, |arguments| pyro::machine::jail::launcher_main(arguments)),
    (pyro::machine::kvm::ROLE, |arguments| pyro::machine::kvm::probe_main(arguments)),
    (pyro::confined::ROLE, |_| pyro::confined::main()),
    (pyro::machine::process::AGENT_ROLE, agent),
];

/// Plays the role that this process was started for; nothing where that is the command line.
pub(crate) fn play() -> Option<ExitCode> {
    if pyro_agent::is_init() {
        pyro_agent::run_as_init();
    }
    let role = std::env::args_os().nth(1)?;
    let (_, play) = ROLES.iter().find(|(name, _)| role == *name)?;
    Some(play(std::env::args_os().skip(2)))
}

/// `__agent ROOT`: the agent as an ordinary process, its channel on standard input.
fn agent(mut arguments: Arguments) -> ExitCode {
    let root: Option<OsString> = arguments.next();
    let channel = std::io::stdin().as_fd().try_clone_to_owned();
    // What the agent starts must not inherit the channel as its standard input.
    let silence = std::fs::File::open("/dev/null");
    match (root, channel, silence) {
        (Some(root), Ok(channel), Ok(silence)) if rustix::stdio::dup2_stdin(&silence).is_ok() => {
            pyro_agent::run_as_process(channel, &PathBuf::from(root))
        }
        _ => ExitCode::FAILURE,
    }
}
