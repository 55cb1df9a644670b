//! What the launcher reports to the shim over a socket: one JSON line, of which the first
//! counts. `started` is only ever said about a VMM whose execve(2) succeeded.

use serde::{Deserialize, Serialize};

/// The longest note, in bytes: it always fits an empty socket's buffer, and so is written at once.
pub(super) const MAX_NOTE: usize = 2048;

/// How far the launcher had come when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Reading and checking the specification.
    Spec,
    /// Tying its life to its parent's.
    Lifeline,
    /// Making the namespaces, and the user mapping where pyro is not root.
    Namespaces,
    /// Finding a path of the specification on the host.
    Open,
    /// Making the private root.
    Root,
    /// Setting the resource limits.
    Limits,
    /// Closing the descriptors that are not the VMM's.
    Descriptors,
    /// Giving up capabilities, groups and user.
    Privileges,
    /// Restricting itself with Landlock.
    Landlock,
    /// Installing the seccomp filter.
    Seccomp,
    /// Executing the program.
    Execute,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Spec => "reading the specification",
            Self::Lifeline => "tying its life to its parent's",
            Self::Namespaces => "making namespaces",
            Self::Open => "opening what goes into it",
            Self::Root => "making the private root",
            Self::Limits => "setting resource limits",
            Self::Descriptors => "closing descriptors",
            Self::Privileges => "giving up privileges",
            Self::Landlock => "applying landlock",
            Self::Seccomp => "applying seccomp",
            Self::Execute => "executing the program",
        })
    }
}

/// Why there is no jail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) stage: Stage,
    /// The kernel's error number, where a system call failed.
    pub(super) errno: Option<i32>,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(stage: Stage, message: impl Into<String>) -> Self {
        Self { stage, errno: None, message: message.into() }
    }
}

/// What the launcher says, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Note {
    /// The VMM runs, with this PID in the launcher's PID namespace.
    Started { pid: u32 },
    /// There is no VMM.
    Failed(Failure),
}

impl Note {
    /// The note as one line of at most [`MAX_NOTE`] bytes.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut note = self.clone();
        if let Self::Failed(failure) = &mut note {
            // JSON writes a character with at most six bytes.
            failure.message = failure.message.chars().take(MAX_NOTE / 6 - 32).collect();
        }
        let mut line = serde_json::to_vec(&note).unwrap_or_default();
        line.push(b'\n');
        line
    }

    pub(super) fn from_line(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line.split(|byte| *byte == b'\n').next()?).ok()
    }
}

/// Names the stage and the thing that a failed system call was about.
pub(super) trait Staged<T> {
    /// `unshare(flags).during(Stage::Namespaces, "unshare")?`
    fn during(self, stage: Stage, what: impl std::fmt::Display) -> Result<T, Failure>;
}

impl<T, E: Into<std::io::Error>> Staged<T> for Result<T, E> {
    fn during(self, stage: Stage, what: impl std::fmt::Display) -> Result<T, Failure> {
        self.map_err(|error| {
            let error: std::io::Error = error.into();
            Failure { stage, errno: error.raw_os_error(), message: format!("{what}: {error}") }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_survives_the_border_and_its_limit() {
        let failure = Failure { stage: Stage::Root, errno: Some(1), message: "\u{1}".repeat(9999) };
        let line = Note::Failed(failure).to_line();
        assert!(line.len() <= MAX_NOTE, "{}", line.len());
        let Some(Note::Failed(back)) = Note::from_line(&line) else { panic!("no failure") };
        assert_eq!((back.stage, back.errno), (Stage::Root, Some(1)));
        let started = Note::Started { pid: 7 };
        assert_eq!(Note::from_line(&started.to_line()), Some(started));
    }
}
