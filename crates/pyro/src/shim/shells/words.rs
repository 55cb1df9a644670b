//! What front ends ask about shells, and what they are told.

use crate::secret::SecretEnv;
use pyro_proto::shell::{Shell, Size};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much can be typed at once, in bytes.
pub const MAX_INPUT: usize = 1 << 20;

/// A front end's request about the shells of a workspace.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum ShellAsk {
    /// Opens one: one [`ShellState`] message.
    Open {
        /// How it begins.
        shell: Shell,
        /// The secrets that the shim puts into its environment.
        #[serde(default)]
        secret_env: Vec<SecretEnv>,
    },
    /// All that are known: one message with a list of [`ShellState`]s, in the order in which they were
    /// opened.
    List,
    /// Reads what one has shown: one [`ShellExtract`] message, then the bytes on the main lane up to
    /// `Finish`.
    Read {
        /// Which one.
        shell_id: String,
        /// The first byte that is wanted.
        from: u64,
        /// How many at most.
        most: usize,
        /// What is waited for before.
        wait: ShellWait,
    },
    /// Types into one what comes on the main lane up to `Finish`, at most [`MAX_INPUT`] bytes: one
    /// [`ShellWritten`] message when it is on its way.
    Write {
        /// Which one.
        shell_id: String,
    },
    /// Sends a signal to what has its terminal: one [`ShellState`] message.
    Signal {
        /// Which one.
        shell_id: String,
        /// Linux signal number.
        signal: i32,
    },
    /// Ends one with all it started: one [`ShellState`] message when it has ended.
    Close {
        /// Which one.
        shell_id: String,
    },
    /// Joins a terminal to one. Front end to shim: what is typed, on the main lane, and new sizes as
    /// [`Size`] messages; `Finish` or `Reset` leaves. Shim to front end: what is shown, on the main lane,
    /// and at the shell's end one [`ShellState`] message and `Finish`. Who reads too slowly misses bytes.
    Attach {
        /// Which one.
        shell_id: String,
        /// The first byte that is wanted.
        from: u64,
        /// How large that terminal is.
        size: Size,
    },
}

/// What a reader of a shell waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum ShellWait {
    /// Nothing.
    Nothing,
    /// Bytes from where it reads, or the shell's end.
    Output {
        /// How long at most, in milliseconds.
        limit_ms: u64,
    },
    /// That nothing was shown for so long, or the shell's end.
    Idle {
        /// How long, in milliseconds.
        idle_ms: u64,
        /// How long to wait for it at most, in milliseconds.
        limit_ms: u64,
    },
}

/// A shell as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellState {
    /// Which one.
    pub shell_id: String,
    /// Where it began.
    pub cwd: String,
    /// How large its terminal is.
    pub size: Size,
    /// Whether it runs.
    pub life: ShellLife,
    /// As a shell reports it; none while it runs, and where nobody knows.
    pub exit_code: Option<i32>,
    /// When it was opened, Unix seconds.
    pub started_at: u64,
    /// When it ended, Unix seconds.
    pub ended_at: Option<u64>,
}

/// Whether a shell runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShellLife {
    /// It does.
    Running,
    /// It has ended; what it showed can be read.
    Exited,
    /// Somebody has closed it; what it showed can be read.
    Closed,
}

impl fmt::Display for ShellLife {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Exited => "exited",
            Self::Closed => "closed",
        })
    }
}

/// What became of something typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellWritten {
    /// The shell after that.
    pub state: ShellState,
    /// How many bytes are on their way. Fewer than all where the shell has ended, or nobody reads.
    pub taken: usize,
}

/// A part of what a shell has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellExtract {
    /// The shell at that moment.
    pub state: ShellState,
    /// Where the bytes begin that follow: what was asked for, or the oldest that is kept.
    pub from: u64,
    /// How many bytes it has shown in all.
    pub end: u64,
}
