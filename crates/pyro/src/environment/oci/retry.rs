//! Another attempt where the last one failed for a reason that passes, after a pause that doubles.

use super::OciError;
use crate::config::Config;
use crate::event::{Event, Observer};
use std::time::Duration;

/// Attempts in a row that bring nothing.
const MAX_ATTEMPTS: u32 = 5;
/// The longest wish of a registry to be left alone that is granted.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Attempts at one piece of work.
#[derive(Debug)]
pub(super) struct Attempts {
    failed: u32,
    first_pause: Duration,
}

impl Attempts {
    pub(super) fn new(config: &Config) -> Self {
        Self { failed: 0, first_pause: config.registries.first_pause }
    }

    /// What was fetched since the last failure counts: patience begins anew.
    pub(super) fn advanced(&mut self) {
        self.failed = 0;
    }

    /// Waits before the next attempt; gives the error back where there is to be none.
    pub(super) fn after(
        &mut self,
        error: OciError,
        observer: Observer<'_>,
    ) -> Result<(), OciError> {
        self.failed += 1;
        if self.failed >= MAX_ATTEMPTS || !error.is_passing() {
            return Err(error);
        }
        let asked = match error {
            OciError::Unwell { retry_after: Some(seconds), .. } => Duration::from_secs(seconds),
            _ => Duration::ZERO,
        };
        let pause = (self.first_pause * 2_u32.pow(self.failed - 1)).max(asked.min(MAX_PAUSE));
        let error = crate::Error::from(error);
        observer(Event::Warning(format!("{error}; trying again in {:.1} s", pause.as_secs_f64())));
        std::thread::sleep(pause);
        Ok(())
    }
}

/// Does the work until it succeeds or fails for good.
pub(super) fn stubbornly<T>(
    config: &Config,
    observer: Observer<'_>,
    mut work: impl FnMut() -> Result<T, OciError>,
) -> Result<T, OciError> {
    let mut attempts = Attempts::new(config);
    loop {
        match work() {
            Ok(value) => return Ok(value),
            Err(error) => attempts.after(error, observer)?,
        }
    }
}
