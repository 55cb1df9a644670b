//! What a machine holds on the host outside its own directory: written before it is taken, so that
//! whoever cleans up later needs no luck. An append-only file of JSON lines with one writer, the
//! shim. Not flushed to disk: after a power cut there is nothing left to clean but the directory.

use crate::error::{AtPath, PathError};
use crate::machine::jail::ProcessIdentity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(super) enum Entry {
    /// The shim itself, and the boot of the host in which every pid of this ledger has its meaning.
    Shim { process: ProcessIdentity, boot_id: String },
    /// A VMM is about to be started. Until its `Vmm` line follows it can be found only by being
    /// the shim's child, and it dies with the shim.
    VmmIntended,
    /// The VMM and the launcher around it.
    Vmm { processes: Vec<ProcessIdentity> },
    /// The processes of the last `Vmm` line have been seen dead.
    VmmGone,
}

/// The ledger of one machine, open for writing.
#[derive(Debug)]
pub(super) struct Ledger {
    file: File,
    path: PathBuf,
}

impl Ledger {
    pub(super) fn open(path: PathBuf) -> Result<Self, PathError> {
        let file = OpenOptions::new().create(true).append(true).open(&path).at("open", &path)?;
        Ok(Self { file, path })
    }

    pub(super) fn record(&mut self, entry: &Entry) -> Result<(), PathError> {
        let mut line =
            serde_json::to_vec(entry).map_err(std::io::Error::from).at("write", &self.path)?;
        line.push(b'\n');
        self.file.write_all(&line).at("write", &self.path)
    }
}

/// The host's boot, random(4).
pub(super) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Every process that a ledger names and that was not seen dead; none if the host has booted since.
/// A torn last line counts as absent.
pub(super) fn processes(path: &Path) -> Vec<ProcessIdentity> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut entries = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let Some(Entry::Shim { process: shim, boot_id: booted }) = entries.next() else {
        return Vec::new();
    };
    if booted != boot_id() {
        return Vec::new();
    }
    let mut vmm = Vec::new();
    for entry in entries {
        match entry {
            Entry::Vmm { processes } => vmm = processes,
            Entry::VmmGone => vmm.clear(),
            Entry::Shim { .. } | Entry::VmmIntended => {}
        }
    }
    vmm.push(shim);
    vmm
}

/// What a shim's death leaves time for: its agent on the host first ends what it started, and an
/// agent that is killed meanwhile leaves that behind.
const GRACE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// How long a killed process may take to be gone.
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// Leaves exactly this process a second to end by itself, then kills it.
pub(super) fn end(process: ProcessIdentity) {
    kill_after(process, Some(&GRACE));
}

/// Kills exactly this process if it still runs, and waits up to five seconds for its end.
pub(super) fn kill(process: ProcessIdentity) {
    kill_after(process, None);
}

fn kill_after(process: ProcessIdentity, grace: Option<&Timespec>) {
    let Some(pid) = Pid::from_raw(process.pid) else { return };
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    // compared after the pidfd is held: from here on it cannot become another process
    if !process.is_running() {
        return;
    }
    // readable means exited, see pidfd_open(2)
    let mut fds = [PollFd::new(&pidfd, PollFlags::IN)];
    if grace.is_some() && poll(&mut fds, grace).is_ok_and(|ended| ended > 0) {
        return;
    }
    let _ = pidfd_send_signal(&pidfd, Signal::KILL);
    let _ = poll(&mut fds, Some(&PATIENCE));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn write(path: &Path, boot_id: String, vmm: ProcessIdentity, me: ProcessIdentity) -> Ledger {
        let mut ledger = Ledger::open(path.to_owned()).unwrap();
        ledger.record(&Entry::Shim { process: me, boot_id }).unwrap();
        ledger.record(&Entry::VmmIntended).unwrap();
        ledger.record(&Entry::Vmm { processes: vec![vmm] }).unwrap();
        ledger
    }

    #[test]
    fn a_torn_line_a_dead_vmm_and_a_reboot_leave_what_is_certain() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        let me = ProcessIdentity::of(rustix::process::getpid()).unwrap();
        let vmm = ProcessIdentity { pid: 1, start_time: 1 };
        let mut ledger = write(&path, boot_id(), vmm, me);
        assert_eq!(processes(&path), [vmm, me]);
        ledger.record(&Entry::VmmGone).unwrap();
        ledger.file.write_all(b"{\"entry\":\"vmm\",\"proc").unwrap();
        assert_eq!(processes(&path), [me]);
        assert!(processes(&dir.path().join("none")).is_empty());
        let path = dir.path().join("before the reboot");
        write(&path, "another boot".into(), vmm, me);
        assert!(processes(&path).is_empty());
    }

    #[test]
    fn only_the_very_same_process_is_killed() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        let real = ProcessIdentity::of(pid).unwrap();
        kill(ProcessIdentity { start_time: real.start_time + 1, ..real });
        assert!(child.try_wait().unwrap().is_none());
        kill(real);
        assert!(!child.wait().unwrap().success());
        kill(real);
    }

    #[test]
    fn what_ends_by_itself_is_left_to_do_so() {
        let mut child = Command::new("sh").args(["-c", "sleep 0.2; exit 7"]).spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        end(ProcessIdentity::of(pid).unwrap());
        assert_eq!(child.try_wait().unwrap().unwrap().code(), Some(7));
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
        end(ProcessIdentity::of(pid).unwrap());
        assert!(child.try_wait().unwrap().is_some());
    }
}
