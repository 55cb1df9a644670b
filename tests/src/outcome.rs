//! How a call of `pyro` ended, and what it printed.

use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// A finished call.
#[derive(Debug)]
#[must_use = "a call whose end nobody looks at proves nothing"]
pub struct Outcome {
    /// The command line, for messages.
    pub call: String,
    /// How the process ended.
    pub status: ExitStatus,
    /// What it printed on stdout; empty where it was only counted.
    pub stdout: Vec<u8>,
    /// Bytes on stdout.
    pub stdout_bytes: u64,
    /// What it printed on stderr.
    pub stderr: String,
    /// From the start of the process to its end.
    pub took: Duration,
}

impl Outcome {
    /// The exit code, or 128 + the number of the signal, as a shell has it.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.status.code().or_else(|| self.status.signal().map(|number| 128 + number)).unwrap()
    }

    /// Fails the test unless the exit code is `expected`.
    #[track_caller]
    pub fn exits(self, expected: i32) -> Self {
        let shown = String::from_utf8_lossy(&self.stdout[..self.stdout.len().min(2000)]);
        assert_eq!(
            self.code(),
            expected,
            "the exit code of `{}`\nstdout: {shown}\nstderr: {}",
            self.call,
            self.stderr
        );
        self
    }

    /// Fails the test unless it ended well.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// Fails the test unless stderr holds `text`.
    #[track_caller]
    pub fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in stderr:\n{}", self.stderr);
        self
    }

    /// What it printed, as text without the last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap().trim_end_matches('\n')
    }

    /// The lines it printed.
    #[must_use]
    pub fn lines(&self) -> Vec<&str> {
        self.text().lines().collect()
    }

    /// The one JSON document that it printed.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| {
            panic!(
                "`{}` printed no JSON: {e}\n{}",
                self.call,
                String::from_utf8_lossy(&self.stdout)
            )
        })
    }
}
