//! The settings of a `Pyro`: the environment's, and what its constructor says instead.

use crate::refusal::refusal;
use pyo3::prelude::*;
use pyro::config::{BACKENDS, BackendChoice};
use pyro::error::Diagnose;
use pyro::paths::Paths;
use pyro::{Config, Error, Kind};
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// `_wishes.Settings` of the package; its paths are absolute.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct SettingsWish {
    executable: PathBuf,
    /// The process's.
    environment: HashMap<Vec<u8>, Vec<u8>>,
    backend_name: Option<String>,
    base_dir: Option<PathBuf>,
    cache_dir: Option<PathBuf>,
    max_active_vms: usize,
}

/// No backend has this name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no backend")]
struct UnknownBackend(String);

impl Diagnose for UnknownBackend {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "unknown_backend"
    }
    fn hints(&self) -> Vec<String> {
        vec![format!("use one of {BACKENDS}")]
    }
}

/// What every call is made with.
#[pyclass(frozen, module = "pyro_mcp._native")]
pub(crate) struct Settings(Config);

#[pymethods]
impl Settings {
    #[new]
    fn new(py: Python<'_>, wish: SettingsWish) -> PyResult<Self> {
        wish.config().map(Self).map_err(|error| refusal(py, error))
    }
}

impl Settings {
    pub(crate) fn config(&self) -> &Config {
        &self.0
    }
}

impl SettingsWish {
    fn config(self) -> Result<Config, Error> {
        let lookup =
            |name: &str| self.environment.get(name.as_bytes()).cloned().map(OsString::from_vec);
        let config = Config::from_lookup(self.executable, lookup)?;
        let backend = match self.backend_name {
            Some(name) => BackendChoice::named(&name).ok_or(UnknownBackend(name))?,
            None => config.backend,
        };
        let paths = Paths::new(
            self.cache_dir.unwrap_or_else(|| config.paths.cache().to_owned()),
            self.base_dir.unwrap_or_else(|| config.paths.state().to_owned()),
            config.paths.data().to_owned(),
        );
        let max_active_vms = self.max_active_vms;
        Ok(Config { paths, backend, max_active_vms, ..config })
    }
}
