//! A call of the library in progress. It has a thread and a runtime of its own, as a command of the command
//! line has a process: calls share nothing that a fork, a slow neighbour or a panic could break.

use crate::line::{Broken, Line, Message};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use pyro::event::Observer;
use pyro::{Config, Error, Kind, Report};
use serde::Serialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// So long the main thread sleeps in one piece. The bell and signals wake it at once; this is for a signal that
/// comes between the look for signals and the sleep. Python gives signals to no other thread.
const NAP: Duration = Duration::from_millis(100);

/// A call in progress. Dropping it cancels it.
#[pyclass(frozen, generic, module = "pyro_mcp._native")]
pub(crate) struct Call(Arc<Line>);

#[pymethods]
impl Call {
    /// Waits until there is something to take, without the interpreter's lock; raises what a signal's handler
    /// raises.
    fn wait(&self, py: Python<'_>) -> PyResult<()> {
        let is_main = rustix::thread::gettid() == rustix::process::getpid();
        let patience = is_main.then_some(NAP);
        py.check_signals()?;
        while !py.detach(|| self.0.bell().rings_within(patience)) {
            py.check_signals()?;
        }
        Ok(())
    }

    /// Takes what was told: `(what, bytes)`, where `what` is `stdout`, `stderr`, `warning` or `step`.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let told = self.0.take().into_iter();
        PyList::new(
            py,
            told.map(|Message { what, bytes }| (what, PyBytes::new(py, &bytes)))
                .collect::<Vec<_>>(),
        )
    }

    /// Once it has ended and everything was taken, whether it went well, and its result or the report of its
    /// failure as JSON.
    fn outcome(&self) -> Option<(bool, String)> {
        Some(match self.0.outcome()? {
            Ok(json) => (true, json),
            // plain strings always become JSON
            Err(report) => (false, serde_json::to_string(&report).unwrap_or_default()),
        })
    }

    /// Asks it to break off. It ends soon, with an outcome.
    fn cancel(&self) {
        self.0.cancel();
    }

    /// For an event loop: readable while there is something to take.
    fn fileno(&self) -> i32 {
        self.0.bell().descriptor()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Makes a call that is broken off by dropping it.
pub(crate) fn verb<T: Serialize>(
    config: &Config,
    work: impl AsyncFnOnce(&Config, Observer<'_>) -> Result<T, Error> + Send + 'static,
) -> PyResult<Call> {
    begin(config, async move |config, line| {
        let observer = |event| line.observe(event);
        Ok(line.unless_cancelled(work(config, &observer)).await??)
    })
}

/// As [`verb`], for work that blocks. Where it is cancelled it goes on unseen until it is done.
pub(crate) fn blocking<T: Serialize + Send + 'static>(
    config: &Config,
    work: impl FnOnce(Config, Observer<'_>) -> Result<T, Error> + Send + 'static,
) -> PyResult<Call> {
    begin_on(config, async move |config, line| {
        let (config, teller) = (config.clone(), Arc::clone(line));
        let work = move || work(config, &|event| teller.observe(event));
        match line.unless_cancelled(tokio::task::spawn_blocking(work)).await? {
            Ok(done) => Ok(done?),
            Err(broken) => std::panic::resume_unwind(broken.into_panic()),
        }
    })
}

/// Makes a call that looks after its cancellation itself.
pub(crate) fn begin<T: Serialize>(
    config: &Config,
    work: impl AsyncFnOnce(&Config, &Line) -> Result<T, Broken> + Send + 'static,
) -> PyResult<Call> {
    begin_on(config, async move |config, line| work(config, line).await)
}

fn begin_on<T: Serialize>(
    config: &Config,
    work: impl AsyncFnOnce(&Config, &Arc<Line>) -> Result<T, Broken> + Send + 'static,
) -> PyResult<Call> {
    let line = Arc::new(Line::new().map_err(PyOSError::new_err)?);
    let (config, teller) = (config.clone(), Arc::clone(&line));
    let thread = std::thread::Builder::new().name("pyro".to_owned());
    let life = move || {
        let worked = catch_unwind(AssertUnwindSafe(|| on_a_runtime(work(&config, &teller))));
        teller.end(worked.unwrap_or_else(|_| Err(panicked())));
    };
    thread.spawn(life).map_err(PyOSError::new_err)?;
    Ok(Call(line))
}

fn on_a_runtime<T: Serialize>(
    work: impl Future<Output = Result<T, Broken>>,
) -> Result<String, Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| internal("no_runtime", error.to_string()))?;
    let worked = runtime.block_on(work);
    runtime.shutdown_background();
    match worked {
        Ok(done) => serde_json::to_string(&done)
            .map_err(|error| internal("no_json", format!("the result is no JSON: {error}"))),
        Err(Broken::Failed(error)) => Err(error.report()),
        Err(Broken::Cancelled) => Err(cancelled()),
    }
}

fn internal(code: &str, message: String) -> Report {
    Report { kind: Kind::Internal, code: code.to_owned(), message, hints: Vec::new() }
}

fn panicked() -> Report {
    let hints = vec!["what it says on standard error helps whoever mends it".to_owned()];
    Report { hints, ..internal("panic", "pyro has a fault: a thread of it panicked".to_owned()) }
}

fn cancelled() -> Report {
    let message = "the call was cancelled".to_owned();
    Report { kind: Kind::Usage, code: "cancelled".to_owned(), message, hints: Vec::new() }
}
