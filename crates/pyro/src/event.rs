//! Progress as data. The library prints nothing: long work tells an [`Observer`] what it does,
//! and the front end decides whether that becomes a bar, a line or an MCP notification.

use std::time::Duration;

/// One thing that happened during long work.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A step of long work begins; `what` is a phrase like `building debian:12`.
    Started {
        /// The step, which later events of it repeat.
        what: String,
    },
    /// The step moved on.
    Advanced {
        /// The step.
        what: String,
        /// How far, in `unit`.
        done: u64,
        /// Of how many, where known.
        total: Option<u64>,
        /// What is counted.
        unit: Unit,
    },
    /// The step ended well.
    Finished {
        /// The step.
        what: String,
        /// How long it took.
        took: Duration,
    },
    /// Something that the user should know and that stops nothing.
    Warning(String),
}

/// What [`Event::Advanced`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Things: packages, files, …
    Items,
    /// Hundredths of the whole.
    Percent,
}

/// Who is told. May be called from any thread, and must return quickly.
pub type Observer<'a> = &'a (dyn Fn(Event) + Send + Sync);

/// Nobody.
pub fn ignore(_: Event) {}

/// Runs `work` as one named step: `Started` before, `Finished` after success.
///
/// # Errors
/// Those of `work`.
pub fn step<T, E>(
    observer: Observer<'_>,
    what: &str,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let started = std::time::Instant::now();
    observer(Event::Started { what: what.to_owned() });
    let value = work()?;
    observer(Event::Finished { what: what.to_owned(), took: started.elapsed() });
    Ok(value)
}
