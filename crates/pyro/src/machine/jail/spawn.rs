//! The shim's side: starts a launcher, waits for its note, and holds the two processes.

use super::error::JailError;
use super::identity::{ProcessIdentity, Stat};
use super::launcher::ROLE;
use super::note::{Failure, MAX_NOTE, Note};
use super::spec::JailSpec;
use super::sys;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, pidfd_open, pidfd_send_signal,
    set_parent_process_death_signal,
};
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a launcher may take. It needs some milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

/// The standard streams of what runs in the jail. A VMM's standard input is empty.
#[derive(Debug)]
pub struct Streams {
    /// Standard input.
    pub stdin: Stdio,
    /// Standard output.
    pub stdout: Stdio,
    /// Standard error.
    pub stderr: Stdio,
}

impl Streams {
    /// From and to nowhere.
    #[must_use]
    pub fn discard() -> Self {
        Self { stdin: Stdio::null(), stdout: Stdio::null(), stderr: Stdio::null() }
    }
}

/// A VMM that runs in its jail, and the launcher above it. Dropping it ends both.
#[derive(Debug)]
pub struct JailedChild {
    launcher: Child,
    vmm: ProcessIdentity,
    vmm_pidfd: OwnedFd,
}

/// Runs the launcher out of `executable` (which must dispatch [`ROLE`] to
/// [`super::launcher_main`]) and returns when the VMM has been executed.
///
/// Both processes die with the calling *thread*: the shim calls this from its main thread. Blocks
/// for some milliseconds, ten seconds at most. No file descriptor leaks into children that other
/// threads start meanwhile.
///
/// # Errors
/// [`JailError`]; then no process is left.
pub fn spawn(
    executable: &Path,
    spec: &JailSpec,
    streams: Streams,
) -> Result<JailedChild, JailError> {
    let deadline = Instant::now() + DEADLINE;
    let json = specification(spec).map_err(launcher("write the specification of"))?;
    let (note, status) = UnixStream::pair().map_err(launcher("make a socket to"))?;
    let mut child =
        command(executable, spec, streams, &json, &status).spawn().map_err(launcher("start"))?;
    drop(status);
    // Only when `note` is dropped does the launcher reap its child: until then its PID stays its own.
    match await_note(&note, deadline).and_then(|pid| hold(&child, pid)) {
        Ok((vmm, vmm_pidfd)) => Ok(JailedChild { launcher: child, vmm, vmm_pidfd }),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

fn launcher(action: &'static str) -> impl Fn(std::io::Error) -> JailError {
    move |source| JailError::Launcher { action, source }
}

/// The specification as JSON in an anonymous file: a pipe could block on a long one.
fn specification(spec: &JailSpec) -> std::io::Result<std::fs::File> {
    let mut file = std::fs::File::from(memfd_create("pyro-jail", MemfdFlags::CLOEXEC)?);
    serde_json::to_writer(&mut file, spec)?;
    file.flush()?;
    file.rewind()?;
    Ok(file)
}

fn command(
    executable: &Path,
    spec: &JailSpec,
    streams: Streams,
    json: &std::fs::File,
    status: &UnixStream,
) -> Command {
    let parent = getpid();
    let inherited: Vec<RawFd> =
        [json.as_raw_fd(), status.as_raw_fd()].iter().chain(&spec.keep_fds).copied().collect();
    let mut command = Command::new(executable);
    command
        .arg0("pyro-jail")
        .arg(ROLE)
        .args([json.as_raw_fd(), status.as_raw_fd(), parent.as_raw_pid()].map(|n| n.to_string()))
        .env_clear()
        .stdin(streams.stdin)
        .stdout(streams.stdout)
        .stderr(streams.stderr);
    // Plain system calls only: the shim has other threads.
    sys::before_exec(&mut command, move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() != Some(parent) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        inherited.iter().try_for_each(|fd| sys::keep_across_exec(*fd))
    });
    command
}

/// The VMM's PID, from the launcher's note.
fn await_note(note: &UnixStream, deadline: Instant) -> Result<Pid, JailError> {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = Timespec::try_from(left).map_err(|_| JailError::TimedOut(DEADLINE))?;
    let ready = poll(&mut [PollFd::new(note, PollFlags::IN)], Some(&timeout))
        .map_err(|e| launcher("listen to")(e.into()))?;
    if ready == 0 {
        return Err(JailError::TimedOut(DEADLINE));
    }
    // A note is short, and written at once: one read has it whole.
    let mut line = [0; MAX_NOTE];
    let length = rustix::io::read(note, &mut line).map_err(|e| launcher("listen to")(e.into()))?;
    match Note::from_line(&line[..length]) {
        Some(Note::Started { pid }) => {
            i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(JailError::Silent)
        }
        Some(Note::Failed(Failure { stage, errno, message })) => {
            Err(JailError::Failed { stage, errno, message })
        }
        None => Err(JailError::Silent),
    }
}

/// A handle on the VMM, which may have ended already but has not been reaped.
fn hold(launcher_process: &Child, pid: Pid) -> Result<(ProcessIdentity, OwnedFd), JailError> {
    let pidfd = pidfd_open(pid, PidfdFlags::empty())
        .map_err(|e| launcher("find the child of")(e.into()))?;
    let stat = Stat::read(pid).ok_or(JailError::Silent)?;
    if u32::try_from(stat.parent) != Ok(launcher_process.id()) {
        return Err(JailError::Silent);
    }
    Ok((stat.identity, pidfd))
}

impl JailedChild {
    /// The VMM, for the ledger.
    #[must_use]
    pub fn vmm(&self) -> ProcessIdentity {
        self.vmm
    }

    /// The launcher, for the ledger; [`None`] once it has been waited for.
    #[must_use]
    pub fn launcher(&self) -> Option<ProcessIdentity> {
        i32::try_from(self.launcher.id()).ok().and_then(Pid::from_raw).and_then(ProcessIdentity::of)
    }

    /// Becomes readable when the VMM has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.vmm_pidfd.as_fd()
    }

    /// The read ends of the VMM's standard output and error, where [`Streams`] asked for pipes.
    pub fn take_output(&mut self) -> (Option<impl Read + use<>>, Option<impl Read + use<>>) {
        (self.launcher.stdout.take(), self.launcher.stderr.take())
    }

    /// Asks the VMM to end: a VMM that handles SIGTERM ends cleanly, any other ignores it, being
    /// PID 1 of its namespace.
    ///
    /// # Errors
    /// [`JailError::Launcher`] when it has already ended.
    pub fn terminate(&self) -> Result<(), JailError> {
        pidfd_send_signal(&self.vmm_pidfd, Signal::TERM)
            .map_err(|e| launcher("signal the child of")(e.into()))
    }

    /// Kills the VMM. The launcher follows by itself.
    ///
    /// # Errors
    /// [`JailError::Launcher`] when it has already ended.
    pub fn kill(&self) -> Result<(), JailError> {
        pidfd_send_signal(&self.vmm_pidfd, Signal::KILL)
            .map_err(|e| launcher("kill the child of")(e.into()))
    }

    /// How the VMM ended, if it has: its exit status or signal, which the launcher repeats.
    ///
    /// # Errors
    /// [`JailError::Launcher`] when the system refuses to say.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>, JailError> {
        self.launcher.try_wait().map_err(launcher("wait for"))
    }

    /// Waits until the VMM and its launcher have ended.
    ///
    /// # Errors
    /// [`JailError::Launcher`] when the system refuses to say.
    pub fn wait(&mut self) -> Result<ExitStatus, JailError> {
        self.launcher.wait().map_err(launcher("wait for"))
    }
}

impl Drop for JailedChild {
    fn drop(&mut self) {
        let _ = self.kill();
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
    }
}
