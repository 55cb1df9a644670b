//! The environment of a machine, made ready: in the cache already, pulled, built by the host's tools, or
//! where these are missing by a machine.

use super::build::catalog;
use crate::config::Config;
use crate::environment::{Environments, Installed};
use crate::error::Result;
use crate::event::Observer;
use tokio::sync::mpsc;

/// Makes sure that the environment can be booted, as [`Environments::pull`] does; what the host cannot
/// build a machine builds. Blocks.
///
/// # Errors
/// Those of [`Environments::pull`], and [`BuildError`](super::build::BuildError).
pub fn pull(config: &Config, name: &str, observer: Observer<'_>) -> Result<Installed> {
    make_missing(config, name, observer)?;
    Environments::new(config.clone()).pull(name, observer)
}

/// The same, and asks the registry of an image whether its tag leads to another one by now. Blocks.
///
/// # Errors
/// As [`pull`].
pub fn update(config: &Config, name: &str, observer: Observer<'_>) -> Result<Installed> {
    make_missing(config, name, observer)?;
    Environments::new(config.clone()).update(name, observer)
}

/// Makes an environment of the catalog anew, even where it is here. Blocks.
///
/// # Errors
/// As [`pull`]; and for a name that is none of the catalog.
pub fn rebuild(config: &Config, name: &str, observer: Observer<'_>) -> Result<Installed> {
    let environments = Environments::new(config.clone());
    let recipe = environments.recipe(name)?;
    if environments.needs_a_machine() {
        catalog::build(config, recipe, true, observer)?;
        return environments.pull(name, observer);
    }
    environments.rebuild(name, observer)
}

/// Makes what is not here and what the host's own tools cannot make.
fn make_missing(config: &Config, name: &str, observer: Observer<'_>) -> Result<()> {
    let environments = Environments::new(config.clone());
    match environments.missing_recipe(name)? {
        Some(recipe) if environments.needs_a_machine() => {
            catalog::build(config, recipe, false, observer)
        }
        _ => Ok(()),
    }
}

/// The environment, prepared first where it is not installed. If this future is dropped the work
/// goes on in its thread, and a later call finds it done or waits for it.
pub(crate) async fn prepare(
    environments: &Environments,
    name: &str,
    observer: Observer<'_>,
) -> Result<Installed> {
    if let Some(installed) = environments.installed(name)? {
        return Ok(installed);
    }
    let (tell, mut told) = mpsc::unbounded_channel();
    let (config, owned_name) = (environments.config().clone(), name.to_owned());
    let work = tokio::task::spawn_blocking(move || {
        pull(&config, &owned_name, &|event| {
            let _ = tell.send(event);
        })
    });
    while let Some(event) = told.recv().await {
        observer(event);
    }
    // it is never aborted, so all that can be wrong with it is a panic
    work.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}
