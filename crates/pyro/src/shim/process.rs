//! The shim as a process: how it leaves its starter behind, and what it begins with.

use super::directory::{Lock, MachineDirectory};
use super::keep::{Kept, keep};
use super::protocol::Assignment;
use super::{ROLE, ShimError, orphans};
use crate::store::record;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The executable of this very process, even if an upgrade has replaced its file since.
const SELF: &str = "/proc/self/exe";
/// Marks the second start, which becomes the shim.
const STAY: &str = "--stay";

/// The executable's shim role: `pyro __shim DIRECTORY`, with the lease as stdin and the lock as stdout.
/// The first process only starts a second one and ends, so that the shim has no parent but init.
/// Failures end up on stderr, which is the machine's `shim.log`.
pub fn main(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(directory) = args.next().map(PathBuf::from) else { return ExitCode::from(125) };
    // a front end reads the log when its lease ends: not before the last word is in it
    let lease = std::io::stdin().as_fd().try_clone_to_owned();
    let outcome = match args.next() {
        Some(flag) if flag == STAY => stay(directory),
        _ => leave(&directory),
    };
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            last_word(&error.to_string());
            ExitCode::from(125)
        }
    };
    drop(lease);
    code
}

fn leave(directory: &Path) -> crate::Result<()> {
    // inherits lease, lock and log
    Command::new(SELF).arg(ROLE).arg(directory).arg(STAY).spawn().map_err(ShimError::Spawn)?;
    Ok(())
}

fn stay(directory: PathBuf) -> crate::Result<()> {
    let _ = rustix::process::setsid();
    orphans::adopt();
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let directory = MachineDirectory::existing(directory);
    let (lease, lock) = take_over_stdio().map_err(ShimError::Spawn)?;
    let assignment: Assignment = record::read(&directory.assignment()).map_err(ShimError::from)?;
    check_version(&assignment)?;
    let kept = Kept { executable: SELF.into(), directory, lock, assignment };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ShimError::Spawn)?
        .block_on(keep(kept, lease))
}

/// The library that wrote the assignment and this executable must be of one build's age.
fn check_version(assignment: &Assignment) -> Result<(), ShimError> {
    let ours = env!("CARGO_PKG_VERSION");
    if assignment.pyro == ours {
        return Ok(());
    }
    Err(ShimError::Version { library: assignment.pyro.clone(), executable: ours })
}

/// Lease and lock leave the descriptors 0 and 1, which no child of the shim may inherit.
fn take_over_stdio() -> std::io::Result<(UnixStream, Lock)> {
    let lease: OwnedFd = std::io::stdin().as_fd().try_clone_to_owned()?;
    let lock: OwnedFd = std::io::stdout().as_fd().try_clone_to_owned()?;
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok((lease.into(), Lock(lock)))
}

/// The shim has no other way to speak once its lease is gone.
fn last_word(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}
