//! The lines of a journal, and the history that they tell.

use serde::{Deserialize, Serialize};

/// A command that was given to the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// 1 for the first command of the history, then one more for each.
    pub sequence: u64,
    /// How front ends name it.
    pub exec_id: String,
    /// One string for `/bin/sh -lc`.
    pub command: String,
    /// Where it began.
    pub cwd: String,
    /// When, Unix seconds.
    pub began_at: u64,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Which command.
    pub exec_id: String,
    /// What became of it.
    pub fate: Fate,
    /// From its start to its end, in milliseconds.
    pub duration_ms: u64,
    /// Bytes that it wrote to stdout.
    pub stdout_bytes: u64,
    /// Bytes that it wrote to stderr.
    pub stderr_bytes: u64,
    /// When, Unix seconds.
    pub ended_at: u64,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It ended, by itself or by a signal.
    Exited {
        /// As a shell reports it: 128 + N for signal N, 124 where its time limit ended it.
        code: i32,
        /// Whether its time limit ended it.
        timed_out: bool,
    },
    /// Somebody asked for its end and it had to be killed.
    Stopped,
    /// It could not be started.
    Refused {
        /// Why.
        why: String,
    },
    /// The machine ended before it did.
    Lost {
        /// Why.
        why: String,
    },
}

impl Fate {
    /// As a shell would see it; 125 where the command is not to blame.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Exited { code, .. } => *code,
            Self::Stopped => 128 + 9,
            Self::Refused { .. } | Self::Lost { .. } => 125,
        }
    }
}

/// A command of the history. One without an end runs, or its shim was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its beginning.
    pub begun: Begun,
    /// Its end.
    pub ended: Option<Ended>,
}

/// What a journal tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// In the order in which they began.
    pub commands: Vec<Command>,
    /// The sequence of the last command that there ever was, cleared ones included.
    pub last_sequence: u64,
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(super) enum Entry {
    Begun(Begun),
    Ended(Ended),
    /// The first line of a history that was cleared.
    Cleared {
        last_sequence: u64,
    },
}

impl History {
    pub(super) fn take_in(&mut self, entry: Entry) {
        match entry {
            Entry::Begun(begun) => {
                self.last_sequence = self.last_sequence.max(begun.sequence);
                self.commands.push(Command { begun, ended: None });
            }
            Entry::Ended(ended) => {
                let named = |command: &&mut Command| command.begun.exec_id == ended.exec_id;
                if let Some(command) = self.commands.iter_mut().rev().find(named) {
                    command.ended = Some(ended);
                }
            }
            Entry::Cleared { last_sequence } => self.last_sequence = last_sequence,
        }
    }

    /// The command with this id.
    #[must_use]
    pub fn command(&self, exec_id: &str) -> Option<&Command> {
        self.commands.iter().rev().find(|command| command.begun.exec_id == exec_id)
    }
}
