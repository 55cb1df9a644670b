//! How long each phase of the boot took: one line on the console.

use std::fmt;
use std::time::{Duration, Instant};

/// Marks the ends of phases.
#[derive(Debug)]
pub(super) struct Timeline {
    last: Instant,
    phases: Vec<(&'static str, Duration)>,
}

impl Timeline {
    pub(super) fn begin() -> Self {
        Self { last: Instant::now(), phases: Vec::new() }
    }

    /// The phase `name` ends here.
    pub(super) fn mark(&mut self, name: &'static str) {
        self.phases.push((name, self.last.elapsed()));
        self.last = Instant::now();
    }
}

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("booted:")?;
        self.phases.iter().try_for_each(|(name, took)| write!(f, " {name} {took:.1?}"))
    }
}
