//! Environments made ready in the background, one at a time. A call waits a while and then answers
//! `state: preparing`; the work goes on, and the next call finds it further or done.

use crate::background::{Background, Waited, background};
use crate::error::CallError;
use crate::progress::Phrase;
use pyro::environment::Environments;
use pyro::{Config, Error};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// So long a call waits: it returns within a minute while an environment is being prepared.
pub(crate) const PATIENCE: Duration = Duration::from_secs(45);

/// Where an environment stands after a call has waited for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can be booted.
    Ready,
    /// Not yet; what is being done.
    Preparing(String),
}

#[derive(Debug, Clone)]
struct Work {
    environment: String,
    progress: Background<()>,
}

/// The work in hand, shared by all calls of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Preparation {
    work: Arc<Mutex<Option<Work>>>,
}

impl Preparation {
    /// Makes sure that `environment` is ready or on its way, and waits for it at most `patience`.
    /// `phrase` says what is going on meanwhile.
    ///
    /// # Errors
    /// An unknown name, a failed preparation, or one of another environment in the way.
    pub(crate) async fn wait(
        &self,
        config: &Config,
        environment: &str,
        patience: Duration,
        phrase: &Phrase,
    ) -> Result<Readiness, Error> {
        if Environments::new(config.clone()).installed(environment)?.is_some() {
            return Ok(Readiness::Ready);
        }
        let work = self.join(config, environment)?;
        match work.progress.wait(patience, phrase).await {
            Waited::Ended(Ok(())) => Ok(Readiness::Ready),
            Waited::Ended(Err(report)) => Err(report.into()),
            Waited::Lost => Err(CallError::PreparationLost(environment.to_owned()).into()),
            Waited::GoesOn(doing) => Ok(Readiness::Preparing(doing)),
        }
    }

    /// The work on `environment` that goes on, or new work. Finished work is taken out of the way.
    fn join(&self, config: &Config, environment: &str) -> Result<Work, Error> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        match work.as_ref().filter(|work| work.progress.goes_on()) {
            Some(same) if same.environment == environment => Ok(same.clone()),
            Some(other) => {
                Err(CallError::OtherPreparation { other: other.environment.clone() }.into())
            }
            None => Ok(work.insert(Work::begin(config.clone(), environment)).clone()),
        }
    }
}

impl Work {
    fn begin(config: Config, environment: &str) -> Self {
        let (worker, progress) = background();
        let work = Self { environment: environment.to_owned(), progress };
        let environment = environment.to_owned();
        // The library's work blocks. Nobody waits for this thread.
        tokio::task::spawn_blocking(move || {
            let observer = |event| worker.phrase.follow(&event);
            let pulled = pyro::vm::prepare::pull(&config, &environment, &observer);
            worker.end(pulled.map(drop));
        });
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    /// A host whose mmdebstrap does what `script` says.
    fn host(home: &Path, script: &str) -> Config {
        let tool = home.join("mmdebstrap");
        std::fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        let home = home.to_str().unwrap().to_owned();
        Config::from_lookup("/proc/self/exe".into(), |name| match name {
            "PYRO_HOME" | "PATH" => Some(OsString::from(&home)),
            "PYRO_DEBIAN_MIRROR" => Some("http://mirror.invalid/debian".into()),
            _ => None,
        })
        .unwrap()
    }

    async fn wait(
        preparation: &Preparation,
        config: &Config,
        environment: &str,
        milliseconds: u64,
    ) -> Result<Readiness, String> {
        let patience = Duration::from_millis(milliseconds);
        let waited = preparation.wait(config, environment, patience, &Phrase::default()).await;
        waited.map_err(|error| error.code().to_owned())
    }

    #[tokio::test]
    async fn work_goes_on_between_calls_one_at_a_time_and_failure_ends_it() {
        let home = tempfile::tempdir().unwrap();
        let (go, count) = (home.path().join("go"), home.path().join("count"));
        let script = format!(
            "echo x >> {}; while ! [ -e {} ]; do sleep 0.02; done; exit 1",
            count.display(),
            go.display()
        );
        let config = host(home.path(), &script);
        let preparation = Preparation::default();

        let first = wait(&preparation, &config, "debian:12", 300).await;
        assert!(matches!(first, Ok(Readiness::Preparing(_))), "{first:?}");
        let other = wait(&preparation, &config, "debian:12-base", 300).await;
        assert_eq!(other, Err("preparation_busy".into()));
        let again = wait(&preparation, &config, "debian:12", 300).await;
        assert!(matches!(again, Ok(Readiness::Preparing(_))), "{again:?}");

        std::fs::write(&go, "").unwrap();
        let failed = wait(&preparation, &config, "debian:12", 10_000).await;
        assert_eq!(failed, Err("host_tool_failed".into()));
        assert_eq!(std::fs::read_to_string(&count).unwrap(), "x\n", "one preparation, three calls");

        let anew = wait(&preparation, &config, "debian:12", 10_000).await;
        assert_eq!(anew, Err("host_tool_failed".into()), "a failure is no reason not to try again");
        assert_eq!(std::fs::read_to_string(&count).unwrap(), "x\nx\n");
    }

    #[tokio::test]
    async fn an_unknown_name_is_refused_at_once() {
        let home = tempfile::tempdir().unwrap();
        let config = host(home.path(), "exit 1");
        let refused = wait(&Preparation::default(), &config, "Debian 11", 10_000).await;
        assert_eq!(refused, Err("unknown_environment".into()));
    }
}
