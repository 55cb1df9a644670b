//! The environment of a machine, made ready without blocking the caller's runtime.

use crate::environment::{Environments, Installed};
use crate::error::Result;
use crate::event::Observer;
use tokio::sync::mpsc;

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
    let (environments, owned_name) = (environments.clone(), name.to_owned());
    let work = tokio::task::spawn_blocking(move || {
        environments.pull(&owned_name, &|event| {
            let _ = tell.send(event);
        })
    });
    while let Some(event) = told.recv().await {
        observer(event);
    }
    // it is never aborted, so all that can be wrong with it is a panic
    work.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}
