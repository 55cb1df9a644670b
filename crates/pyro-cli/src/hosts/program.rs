//! A host's own command, run to its end.

use super::HostError;
use crate::words::shell_line;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// Hosts check servers that they are told of, which takes seconds.
const PATIENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };
/// How much of what it says is read, in bytes.
const SAID: u64 = 16 << 10;

/// Runs it. What it printed is only of interest if it fails.
pub(super) fn run(program: &Path, words: &[String]) -> Result<(), HostError> {
    let failed = |said: String| {
        let program = program.to_string_lossy();
        let all = std::iter::once(&*program).chain(words.iter().map(String::as_str));
        HostError::Refused { line: shell_line(all), said }
    };
    match printed(program, words) {
        Ok((status, _)) if status.success() => Ok(()),
        Ok((_, said)) => Err(failed(said.trim().to_owned())),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn printed(program: &Path, words: &[String]) -> io::Result<(ExitStatus, String)> {
    // a file takes whatever is said, without anybody reading meanwhile
    let mut output = tempfile::tempfile()?;
    let child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output.try_clone()?)
        .spawn()?;
    let status = end(child)?;
    Ok((status, read(&mut output)?))
}

fn end(mut child: Child) -> io::Result<ExitStatus> {
    let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::empty())?;
    if poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&PATIENCE))? == 0 {
        child.kill()?;
    }
    child.wait()
}

fn read(output: &mut File) -> io::Result<String> {
    output.rewind()?;
    let mut said = Vec::new();
    output.take(SAID).read_to_end(&mut said)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}
