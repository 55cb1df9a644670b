//! What machines boot from.

use crate::call::{Call, blocking};
use crate::settings::Settings;
use pyo3::prelude::*;
use pyro::environment::Environments;

/// See `pyro.environment.Environments.list`.
#[pyfunction]
pub(crate) fn list_environments(settings: &Settings) -> PyResult<Call> {
    blocking(settings.config(), |config, _| Environments::new(config).list())
}

/// Of one environment.
#[pyfunction]
pub(crate) fn inspect_environment(settings: &Settings, environment: String) -> PyResult<Call> {
    blocking(settings.config(), move |config, _| Environments::new(config).inspect(&environment))
}

/// Makes it ready, with the newest image of its tag, and inspects it.
#[pyfunction]
pub(crate) fn pull_environment(settings: &Settings, environment: String) -> PyResult<Call> {
    blocking(settings.config(), move |config, observer| {
        let environments = Environments::new(config);
        environments.update(&environment, observer)?;
        environments.inspect(&environment)
    })
}

/// Removes what nothing uses.
#[pyfunction]
pub(crate) fn prune_environments(settings: &Settings) -> PyResult<Call> {
    blocking(settings.config(), |config, _| Environments::new(config).prune())
}
