//! The library's errors as exceptions of the package, for the few things that are refused before there is a call.

use pyo3::prelude::*;
use pyro::Error;

/// The exception for it.
pub(crate) fn refusal(py: Python<'_>, error: impl Into<Error>) -> PyErr {
    // plain strings always become JSON
    let report = serde_json::to_string(&error.into().report()).unwrap_or_default();
    let made = || py.import("pyro_mcp._errors")?.getattr("reported")?.call1((report,));
    made().map_or_else(|broken| broken, PyErr::from_value)
}
