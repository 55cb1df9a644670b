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

/// How long the guest may take. It needs 2 ms where it works.
const DEADLINE: Duration = Duration::from_millis(500);

/// The longest report of a child, in bytes.
const MAX_REPORT: u64 = 4096;

/// Tries a guest on `device` in a child process made of `executable`, which must dispatch [`ROLE`]
/// to [`probe_main`]. Takes some milliseconds, half a second at most.
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

/// The child's report, or nothing when the deadline passed. It is written at once.
fn report_in_time(stdout: ChildStdout) -> std::io::Result<Option<KvmOutcome>> {
    let timeout = Timespec::try_from(DEADLINE).map_err(std::io::Error::other)?;
    if poll(&mut [PollFd::new(&stdout, PollFlags::IN)], Some(&timeout))? == 0 {
        return Ok(None);
    }
    let mut json = Vec::new();
    stdout.take(MAX_REPORT).read_to_end(&mut json)?;
    Ok(Some(serde_json::from_slice(&json)?))
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
    let outcome = try_guest(&device);
    let told = serde_json::to_vec(&outcome)
        .map_err(std::io::Error::other)
        .and_then(|json| std::io::stdout().write_all(&json));
    if told.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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
