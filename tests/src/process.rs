//! The processes that a scenario caused, as `/proc` shows them. The test adopts orphans, so that
//! whatever pyro starts stays its descendant, however it detaches.

use rustix::process::Signal;
use rustix::process::{Pid, getpid, kill_process, set_child_subreaper};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A process of this scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its command line.
    pub words: Vec<String>,
}

/// Makes this process the parent of all orphans below it, prctl(2) `PR_SET_CHILD_SUBREAPER`.
pub(crate) fn adopt_orphans() {
    set_child_subreaper(Some(getpid())).unwrap();
}

/// Every living process below this one, zombies apart.
#[must_use]
pub fn descendants() -> Vec<Process> {
    let parents = parents();
    let me = getpid().as_raw_pid();
    let is_below = |pid: i32| {
        let mut above = std::iter::successors(parents.get(&pid), |(up, _)| parents.get(up));
        above.any(|(up, _)| *up == me)
    };
    let living = parents.iter().filter(|(pid, (_, state))| *state != 'Z' && is_below(**pid));
    living.map(|(pid, _)| Process::of(*pid)).collect()
}

impl Process {
    pub(crate) fn of(pid: i32) -> Self {
        Self { pid, words: words(pid) }
    }

    /// The process that keeps a machine.
    #[must_use]
    pub fn is_shim(&self) -> bool {
        self.words.iter().any(|word| word == "--stay")
    }

    /// What confines a machine's monitor and stays above it.
    #[must_use]
    pub fn is_jail_launcher(&self) -> bool {
        self.words.iter().any(|word| word == "__jail")
    }

    /// The virtual machine monitor itself.
    #[must_use]
    pub fn is_vmm(&self) -> bool {
        self.vmm().is_some()
    }

    /// Which monitor it is, if it is one.
    #[must_use]
    pub fn vmm(&self) -> Option<&'static str> {
        let program = Path::new(self.words.first()?).file_name()?.to_str()?;
        ["firecracker", "qemu-system"].into_iter().find(|name| program.starts_with(name))
    }

    /// Whether a word of its command line holds `text`.
    #[must_use]
    pub fn mentions(&self, text: &str) -> bool {
        self.words.iter().any(|word| word.contains(text))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid).unwrap(), signal).unwrap();
    }
}

/// Parent and state by process; fields 4 and 3 of `/proc/PID/stat`, proc_pid_stat(5).
fn parents() -> BTreeMap<i32, (i32, char)> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, fields)) = stat.rsplit_once(')') else { continue };
        let mut fields = fields.split_ascii_whitespace();
        let state = fields.next().unwrap().chars().next().unwrap();
        parents.insert(pid, (fields.next().unwrap().parse().unwrap(), state));
    }
    parents
}

fn words(pid: i32) -> Vec<String> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
