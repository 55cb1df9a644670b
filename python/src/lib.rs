//! The native part of the Python module `pyro_mcp`: one function per verb of the library, one file per
//! noun. A function says what is wanted and comes back at once with a [`Call`](call::Call); the package waits
//! for it, and makes objects and exceptions of how it ended. No thread of this crate ever touches Python.

mod bell;
mod call;
mod environments;
mod line;
mod refusal;
mod settings;

use pyo3::prelude::*;

/// What the package is made of.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::call::Call;
    #[pymodule_export]
    use super::environments::{
        inspect_environment, list_environments, prune_environments, pull_environment,
    };
    #[pymodule_export]
    use super::settings::Settings;
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
