//! The settings of a `Pyro`: the environment's, and what its constructor says instead.

use crate::refusal::refusal;
use pyo3::prelude::*;
use pyro::Config;
use pyro::config::env_var;
use pyro::paths::Paths;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// What every call is made with.
#[pyclass(frozen, module = "pyro_mcp._native")]
pub(crate) struct Settings(Config);

#[pymethods]
impl Settings {
    /// `environment` is the process's; the directories are absolute.
    #[new]
    #[pyo3(signature = (executable, environment, *, backend_name, base_dir, cache_dir, max_active_vms))]
    fn new(
        py: Python<'_>,
        executable: PathBuf,
        environment: HashMap<Vec<u8>, Vec<u8>>,
        backend_name: Option<String>,
        base_dir: Option<PathBuf>,
        cache_dir: Option<PathBuf>,
        max_active_vms: usize,
    ) -> PyResult<Self> {
        let lookup = |name: &str| match (name, &backend_name) {
            (env_var::PYRO_BACKEND, Some(backend)) => Some(backend.into()),
            _ => environment.get(name.as_bytes()).cloned().map(OsString::from_vec),
        };
        let config = Config::from_lookup(executable, lookup).map_err(|error| refusal(py, error))?;
        let paths = Paths::new(
            cache_dir.unwrap_or_else(|| config.paths.cache().to_owned()),
            base_dir.unwrap_or_else(|| config.paths.state().to_owned()),
            config.paths.data().to_owned(),
        );
        Ok(Self(Config { paths, max_active_vms, ..config }))
    }
}

impl Settings {
    pub(crate) fn config(&self) -> &Config {
        &self.0
    }
}
