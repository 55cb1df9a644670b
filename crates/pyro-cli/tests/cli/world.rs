//! A world of its own for every test: an empty environment, a home that is deleted afterwards.

use rustix::process::{Pid, Signal, kill_process};
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// No step of a test takes longer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Where commands of a test run.
pub(crate) struct World {
    home: tempfile::TempDir,
}

/// What a command left behind.
#[must_use = "snapshot it or check its code"]
pub(crate) struct Ran {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) status: ExitStatus,
    home: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `pyro` with these words, nothing inherited.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pyro"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", "/usr/bin:/bin")
            .env("PYRO_BACKEND", "process")
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn pyro(&self, words: &[&str]) -> Ran {
        self.finish(self.command(words).spawn().unwrap())
    }

    /// As [`World::pyro`], with bytes on standard input.
    pub(crate) fn pyro_with(&self, words: &[&str], stdin: &[u8]) -> Ran {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let bytes = stdin.to_vec();
        let writer = std::thread::spawn(move || pipe.write_all(&bytes));
        let ran = self.finish(child);
        // A command that does not read all of it closes the pipe early.
        let _ = writer.join().unwrap();
        ran
    }

    pub(crate) fn finish(&self, child: Child) -> Ran {
        let Output { stdout, stderr, status } = child.wait_with_output().unwrap();
        Ran { stdout, stderr, status, home: self.home.path().display().to_string() }
    }

    /// The directories of machines.
    pub(crate) fn machines(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(".local/state/pyro/machines"));
        let names = entries.into_iter().flatten().flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("vm-")).collect()
    }
}

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("killed: {self}"))
    }

    pub(crate) fn stdout(&self) -> String {
        self.normal(&self.stdout)
    }

    pub(crate) fn stderr(&self) -> String {
        self.normal(&self.stderr)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|_| panic!("no JSON: {self}"))
    }

    fn normal(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace(&self.home, "$HOME")
    }
}

/// Everything a user sees, for snapshots.
impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, text) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !text.is_empty() {
                writeln!(f, "--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

pub(crate) fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Waits for a condition; fails after [`DEADLINE`].
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < DEADLINE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for the child's end and says how long that took.
pub(crate) fn ended(child: &mut Child) -> (ExitStatus, Duration) {
    let started = Instant::now();
    let mut status = None;
    until("the end of a process", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    (status.unwrap(), started.elapsed())
}

/// A file that a command writes its process id to.
pub(crate) struct PidFile(PathBuf);

impl PidFile {
    pub(crate) fn of(world: &World) -> Self {
        Self(world.path("pid"))
    }

    /// Shell code that writes the id of the shell, and of what it is replaced by.
    pub(crate) fn note(&self) -> String {
        let file = self.0.display();
        format!("echo $$ > {file}.new; mv {file}.new {file}")
    }

    pub(crate) fn wait(&self) -> i32 {
        let mut pid = None;
        until("the command's process id", || {
            pid = std::fs::read_to_string(&self.0).ok().and_then(|text| text.trim().parse().ok());
            pid.is_some()
        });
        pid.unwrap()
    }
}

/// Whether a process runs; a zombie does not.
pub(crate) fn is_running(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}
