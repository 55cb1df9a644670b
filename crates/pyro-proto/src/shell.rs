//! A shell behind a terminal of its own: what opens it, and what both sides say while it lives.

use crate::path::GuestPath;
use serde::{Deserialize, Serialize};

/// How a shell begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shell {
    /// Absolute working directory; none: `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<GuestPath>,
    /// Variables on top of the agent's own few (`PATH`, `HOME`, `TERM`, …).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// How large its terminal is.
    pub size: Size,
}

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// How wide.
    pub cols: u16,
    /// How high.
    pub rows: u16,
}

/// What the host may say to a shell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ShellControl {
    /// Gives its terminal another size, of which the kernel tells the programs behind it (`SIGWINCH`).
    Resize {
        /// The new one.
        size: Size,
    },
    /// Sends a signal to what has the terminal: its foreground process group.
    Signal {
        /// Linux signal number, 1 to 31.
        signal: i32,
    },
    /// Ends the shell and all it started: with `SIGHUP`, as a terminal that is closed does, and by force
    /// a moment later.
    Close,
}

/// Says that a shell runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellOpened {
    /// Which program it is.
    pub program: String,
}
