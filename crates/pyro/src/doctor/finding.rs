//! One line of a diagnosis.

use serde::Serialize;

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What: `kvm`, `qemu`, …
    pub topic: &'static str,
    /// How good it is.
    pub level: Level,
    /// What was found, as a phrase.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Machines run, but something could be better.
    Warning,
    /// Machines cannot run.
    Problem,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        })
    }
}

impl Finding {
    pub(super) fn new(topic: &'static str, level: Level, detail: impl Into<String>) -> Self {
        Self { topic, level, detail: detail.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}
