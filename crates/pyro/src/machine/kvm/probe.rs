//! The probe: a child process that runs the guest, and a parent that does not wait for ever. The
//! child is the `pyro` executable again, because a stuck virtual CPU can only be killed.

use super::guest;
use super::outcome::{KvmOutcome, KvmReport};
use kvm_ioctls::Kvm;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::{CString, OsString};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::time::Duration;

/// KVM's device.
pub const DEVICE: &str = "/dev/kvm";

/// The hidden first argument with which the `pyro` executable becomes the probe's child.
pub const ROLE: &str = "__kvm-probe";

/// How long the child may take to begin: on a busy host, starting a program takes what it takes, and says
/// nothing about KVM.
const START: Duration = Duration::from_secs(3);
/// How long the guest may take from then on. It needs 2 ms where it works.
const DEADLINE: Duration = Duration::from_millis(500);
/// What the child says when it begins; JSON may begin with it.
const BEGUN: &[u8] = b"\n";

/// The longest report of a child, in bytes.
const MAX_REPORT: u64 = 4096;

/// Tries a guest on `device` in a child process made of `executable`, which must dispatch [`ROLE`]
/// to [`probe_main`]. Takes some milliseconds; half a second where the guest hangs.
#[must_use]
pub fn probe(executable: &Path, device: &Path) -> KvmReport {
    let outcome = refusal(device).unwrap_or_else(|| {
        in_child(executable, device)
            .unwrap_or_else(|error| KvmOutcome::ProbeFailed { message: error.to_string() })
    });
    KvmReport { device: device.to_owned(), outcome }
}

/// What is already known from opening the device, without a child.
pub(super) fn refusal(device: &Path) -> Option<KvmOutcome> {
    let error = std::fs::OpenOptions::new().read(true).write(true).open(device).err()?;
    Some(match error.kind() {
        std::io::ErrorKind::PermissionDenied => KvmOutcome::PermissionDenied,
        // A node without a driver behind it is as good as none.
        std::io::ErrorKind::NotFound => KvmOutcome::Missing,
        _ if error.raw_os_error() == Some(libc::ENXIO) => KvmOutcome::Missing,
        _ if error.raw_os_error() == Some(libc::ENODEV) => KvmOutcome::Missing,
        _ => KvmOutcome::ProbeFailed { message: error.to_string() },
    })
}

fn in_child(executable: &Path, device: &Path) -> std::io::Result<KvmOutcome> {
    let mut child = Command::new(executable)
        .arg(ROLE)
        .arg(device)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let outcome = child.stdout.take().map_or(Ok(None), report_in_time);
    end(&mut child);
    Ok(outcome?.unwrap_or(KvmOutcome::TimedOut))
}

/// The child's report, or nothing when a deadline passed. It is written at once.
fn report_in_time(mut stdout: ChildStdout) -> std::io::Result<Option<KvmOutcome>> {
    if !is_ready(&stdout, START)? {
        return Ok(None);
    }
    let mut begun = [0; BEGUN.len()];
    stdout.read_exact(&mut begun)?;
    if !is_ready(&stdout, DEADLINE)? {
        return Ok(None);
    }
    let mut json = begun.to_vec();
    stdout.take(MAX_REPORT).read_to_end(&mut json)?;
    Ok(Some(serde_json::from_slice(&json)?))
}

fn is_ready(stdout: &ChildStdout, within: Duration) -> std::io::Result<bool> {
    let timeout = Timespec::try_from(within).map_err(std::io::Error::other)?;
    Ok(poll(&mut [PollFd::new(stdout, PollFlags::IN)], Some(&timeout))? > 0)
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The child's `main`: runs the guest and reports on standard output. `args` are the arguments
/// after [`ROLE`].
#[must_use]
pub fn probe_main(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(device) = args.next() else { return ExitCode::FAILURE };
    let told = say(BEGUN).and_then(|()| {
        let json = serde_json::to_vec(&try_guest(&device)).map_err(std::io::Error::other)?;
        say(&json)
    });
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Past the buffer that waits for the end of a line.
fn say(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

fn try_guest(device: &OsString) -> KvmOutcome {
    let Ok(path) = CString::new(device.as_bytes()) else {
        return KvmOutcome::Missing;
    };
    match Kvm::new_with_path(path) {
        Ok(kvm) => guest::run(&kvm),
        Err(error) => KvmOutcome::ProbeFailed { message: error.to_string() },
    }
}
