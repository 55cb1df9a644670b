//! What a Firecracker says it is: its version, asked for with `--version` in bounded time and
//! bounded output, and what follows from it. It starts no machine and searches for nothing.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A release of Firecracker, like 1.16.1. The order is that of the releases.
///
/// 1.16.0 and 1.16.1 lose the way from the host to the guest's vsock when a machine is paused and
/// resumed without a snapshot in between (firecracker issue 6100): pyro never does that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

impl Version {
    /// The oldest that pyro uses: the first that boots what pyro boots and takes its settings.
    pub const OLDEST: Self = Self::new(1, 12, 0);

    /// The oldest that its makers still mend. They support their two latest minor releases
    /// (`docs/RELEASE_POLICY.md` of Firecracker), 1.16 being the latest that pyro knows.
    pub const OLDEST_SUPPORTED: Self = Self::new(1, 15, 0);

    /// The version `major.minor.patch`.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// Reads `1.16.1` or `v1.16.1`. What developers append to it (`v1.17.0-dev`) is ignored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.split_once(['-', '+']).map_or(text, |(numbers, _)| numbers);
        let mut numbers = numbers.split('.').map(number);
        let version = Self::new(numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some(version)
    }
}

/// Decimal digits and nothing else, which `str::parse` alone would not insist on.
fn number(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `1.16.1`
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a version"))
    }
}

/// How long a program may take to say its version. Firecracker needs some milliseconds.
const DEADLINE: Duration = Duration::from_secs(5);
/// The longest first line that is read, in bytes.
const MAX_LINE: usize = 200;
/// How often a program is tried that somebody holds open for writing, and how long between.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Runs `program --version` and reads the first line of its answer, `Firecracker v1.16.1`.
///
/// # Errors
/// When the program does not run, says nothing in 5 seconds, or says something else.
pub fn ask(program: &Path) -> io::Result<Version> {
    ask_within(DEADLINE, program)
}

fn ask_within(time: Duration, program: &Path) -> io::Result<Version> {
    let deadline = Instant::now() + time;
    let mut child = start(program)?;
    let line = child.stdout.take().map_or(Ok(Vec::new()), |out| first_line(out, deadline));
    end(&mut child);
    let line = line?;
    let said = String::from_utf8_lossy(&line);
    let version = said.trim_end().strip_prefix("Firecracker ").and_then(Version::parse);
    version.ok_or_else(|| {
        io::Error::new(ErrorKind::InvalidData, format!("it says {said:?} instead of its version"))
    })
}

/// A process group of its own, so that all of it can be ended. A fresh file may still be open for
/// writing in a child that another thread of this process has just forked, which `exec` refuses.
fn start(program: &Path) -> io::Result<Child> {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    for _ in 1..BUSY_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(BUSY_PAUSE);
            }
            other => return other,
        }
    }
    command.spawn()
}

fn first_line(mut stdout: ChildStdout, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < MAX_LINE && readable_before(&stdout, deadline)? {
        if stdout.read(&mut byte)? == 0 || byte[0] == b'\n' {
            return Ok(line);
        }
        line.push(byte[0]);
    }
    let why =
        if line.len() < MAX_LINE { "it does not say its version" } else { "it says too much" };
    Err(io::Error::new(ErrorKind::TimedOut, why))
}

fn readable_before(stdout: &ChildStdout, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(stdout, PollFlags::IN)], Some(&timeout)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn end(child: &mut Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn saying(script: &str) -> io::Result<Version> {
        saying_within(DEADLINE, script)
    }

    fn saying_within(time: Duration, script: &str) -> io::Result<Version> {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("firecracker");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        ask_within(time, &program)
    }

    #[test]
    fn versions_are_numbers_and_not_texts() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("1.9.1") < version("1.12.0") && version("v1.12.1") < version("1.16.0"));
        assert_eq!(version("v1.17.0-dev").to_string(), "1.17.0");
        for wrong in ["", "v", "1", "1.2", "1.2.3.4", "1.+2.3", "1.2.70000", "1..3", "../1.2.3"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_first_line_of_the_answer_counts() {
        let said = saying("echo Firecracker v1.12.1; echo; echo Supported snapshots: 1 2");
        assert_eq!(said.unwrap(), Version::new(1, 12, 1));
        assert!(saying("test -z \"$HOME\" && echo Firecracker v1.12.1").is_ok(), "environment");
    }

    #[test]
    fn another_program_is_not_believed_and_not_waited_for() {
        let wrong = saying("echo GNU bash").unwrap_err().to_string();
        assert!(wrong.contains("\"GNU bash\""), "{wrong}");
        assert!(saying("exit 1").is_err());
        assert!(saying("while :; do printf xxxxxxxxxx; done").is_err());
        assert_eq!(ask(Path::new("/nonexistent")).unwrap_err().kind(), ErrorKind::NotFound);
        let started = Instant::now();
        assert!(saying_within(Duration::from_millis(200), "sleep 60 & sleep 60").is_err());
        assert!(started.elapsed() < DEADLINE, "{:?}", started.elapsed());
    }
}
