//! A command line of `pyro` before it is started.

use crate::outcome::Outcome;
use crate::running::Running;
use std::process::Command;
use std::time::Duration;

/// No call of a scenario takes longer, unless it says so itself.
const DEADLINE: Duration = Duration::from_secs(60);

/// A call to make.
#[derive(Debug)]
pub struct Call {
    pub(crate) command: Command,
    pub(crate) stdin: Vec<u8>,
    pub(crate) holds_stdin: bool,
    pub(crate) counts_only: bool,
    pub(crate) deadline: Duration,
}

impl Call {
    pub(crate) fn new(command: Command) -> Self {
        Self {
            command,
            stdin: Vec::new(),
            holds_stdin: false,
            counts_only: false,
            deadline: DEADLINE,
        }
    }

    /// With another environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In another directory.
    #[must_use]
    pub fn within_directory(mut self, directory: &std::path::Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// With bytes on standard input, which is a pipe and ends after them.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// With a standard input that stays open and silent until [`Running::write`].
    #[must_use]
    pub fn holding_stdin(mut self) -> Self {
        self.holds_stdin = true;
        self
    }

    /// Stdout is counted and thrown away.
    #[must_use]
    pub fn counting_stdout(mut self) -> Self {
        self.counts_only = true;
        self
    }

    /// Fails the test if it takes longer.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Starts it.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Running {
        Running::start(self)
    }

    /// Starts it and waits for its end.
    #[track_caller]
    pub fn outcome(self) -> Outcome {
        self.start().end()
    }

    /// [`Call::outcome`] where only success counts.
    #[track_caller]
    pub fn succeeds(self) -> Outcome {
        self.outcome().succeeds()
    }
}
