//! Workspaces made in the background. A call waits a while and then answers `state: creating`; the work
//! goes on, and the next call for it finds it further or done. A call that is cancelled takes its work
//! along, unless somebody else waits for it too.

use crate::background::{Background, Waited, background};
use crate::error::CallError;
use crate::progress::Phrase;
use crate::settings::Ceilings;
use crate::sources::{Beginning, Sources};
use pyro::workspace::{self, State, WorkspaceSpec, WorkspaceStatus};
use pyro::{Config, Error, Kind, event};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;

/// So long a call waits for a workspace.
pub(crate) const PATIENCE: Duration = Duration::from_secs(50);

/// What a model asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    /// The workspace.
    pub(crate) spec: WorkspaceSpec,
    /// What it begins with; the server's project where nothing is named.
    pub(crate) seed_path: Option<String>,
}

/// Where a workspace stands after a call has waited for it.
#[derive(Debug)]
pub(crate) enum Creation {
    /// It is there.
    Made(Box<WorkspaceStatus>),
    /// Not yet; what is being done.
    Going(String),
}

#[derive(Debug, Clone)]
struct Work {
    wish: Wish,
    progress: Background<WorkspaceStatus>,
    /// As many as there are calls that wait for it, and one.
    waiting: Arc<()>,
    task: AbortHandle,
}

/// The work in hand, shared by all calls of a server.
#[derive(Debug, Default)]
pub(crate) struct Creations {
    works: Mutex<Vec<Work>>,
    /// Held from counting the workspaces until one more is begun.
    beginning: tokio::sync::Mutex<()>,
}

impl Creations {
    /// Makes the workspace, or goes on with it, and waits for it at most `patience`.
    ///
    /// # Errors
    /// Why it could not be made, or why no more may be.
    pub(crate) async fn wait(
        &self,
        config: &Config,
        sources: &Arc<Sources>,
        ceilings: &Ceilings,
        wish: Wish,
        patience: Duration,
        phrase: &Phrase,
    ) -> Result<Creation, Error> {
        let work = match self.known(&wish) {
            Some(work) if self.is_still_true(config, &work).await? => work,
            _ => self.begin(config, sources, ceilings, wish).await?,
        };
        let mut waiter = Waiter { creations: self, work, leaves_it: false };
        match waiter.work.progress.wait(patience, phrase).await {
            Waited::Ended(outcome) => {
                self.forget(&waiter.work);
                Ok(Creation::Made(Box::new(outcome?)))
            }
            Waited::Lost => Err(CallError::CreationLost.into()),
            Waited::GoesOn(doing) => {
                waiter.leaves_it = true;
                Ok(Creation::Going(doing))
            }
        }
    }

    /// The work that a call continues: by name, or by the same wish where nobody waits for it.
    fn known(&self, wish: &Wish) -> Option<Work> {
        let is = |work: &&Work| match &wish.spec.name {
            Some(name) => work.wish.spec.name.as_ref() == Some(name),
            None => work.wish == *wish && Arc::strong_count(&work.waiting) == 1,
        };
        self.works().iter().find(is).cloned()
    }

    /// Whether what is known about finished work is not outdated: somebody may have deleted the
    /// workspace since.
    async fn is_still_true(&self, config: &Config, work: &Work) -> Result<bool, Error> {
        let Some(Ok(made)) = work.progress.outcome() else { return Ok(true) };
        match workspace::status(config, &made.workspace_id, &event::ignore).await {
            Err(error) if error.kind() == Kind::NotFound => {
                self.forget(work);
                Ok(false)
            }
            looked => looked.map(|_| true),
        }
    }

    async fn begin(
        &self,
        config: &Config,
        sources: &Arc<Sources>,
        ceilings: &Ceilings,
        wish: Wish,
    ) -> Result<Work, Error> {
        let _turn = self.beginning.lock().await;
        // somebody else may have begun it meanwhile
        if let Some(same) = self.known(&wish) {
            return Ok(same);
        }
        if ceilings.max_workspaces.is_some() {
            ceilings.check_workspaces(self.count(config).await?)?;
        }
        let work = Work::begin(config.clone(), Arc::clone(sources), wish);
        self.works().push(work.clone());
        Ok(work)
    }

    /// How many workspaces there are, those in the making included. One that is being made by this
    /// server may be listed already.
    async fn count(&self, config: &Config) -> Result<usize, Error> {
        let listed = workspace::list(config, &event::ignore).await?;
        let made = listed.workspaces.iter().filter(|w| w.state != State::Creating).count();
        let going_on = self.works().iter().filter(|work| work.progress.goes_on()).count();
        Ok(listed.count.max(made + going_on))
    }

    fn forget(&self, work: &Work) {
        self.works().retain(|other| !Arc::ptr_eq(&other.waiting, &work.waiting));
    }

    fn works(&self) -> MutexGuard<'_, Vec<Work>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that waits.
struct Waiter<'a> {
    creations: &'a Creations,
    work: Work,
    /// Whether the work goes on without it.
    leaves_it: bool,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        // the list's, and this one
        let alone = Arc::strong_count(&self.work.waiting) <= 2;
        if !self.leaves_it && alone {
            self.work.task.abort();
            self.creations.forget(&self.work);
        }
    }
}

impl Work {
    fn begin(config: Config, sources: Arc<Sources>, wish: Wish) -> Self {
        let (worker, progress) = background();
        let wanted = wish.clone();
        // A front end that ends takes it along: until it is made, a workspace hangs on its maker.
        let task = tokio::spawn(async move {
            let made = make(&config, &sources, &wanted, &worker.phrase).await;
            worker.end(made);
        });
        Self { wish, progress, waiting: Arc::new(()), task: task.abort_handle() }
    }
}

async fn make(
    config: &Config,
    sources: &Sources,
    wish: &Wish,
    phrase: &Phrase,
) -> Result<WorkspaceStatus, Error> {
    phrase.set("looking at what the workspace begins with");
    let Beginning { seed, checkout } = sources.beginning(wish.seed_path.as_deref(), phrase).await?;
    phrase.set("booting the machine");
    let observer = |event| phrase.follow(&event);
    let made = workspace::create(config, &wish.spec, seed, &observer).await;
    drop(checkout);
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;
    use crate::settings::{ProjectSource, Settings};
    use std::ffi::OsString;
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc;
    use tokio::time::timeout;

    /// A server whose project comes from a Git server that never says a word, and the calls that this
    /// one takes.
    struct Place {
        config: Config,
        sources: Arc<Sources>,
        creations: Creations,
        calls: mpsc::Receiver<TcpStream>,
        _home: tempfile::TempDir,
    }

    fn place() -> Place {
        let home = tempfile::tempdir().unwrap();
        let config = Config::from_lookup("/proc/self/exe".into(), |name| match name {
            "PYRO_HOME" => Some(home.path().into()),
            "PATH" => Some(OsString::from("/usr/bin:/bin")),
            _ => None,
        })
        .unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("git://{}/project", silent.local_addr().unwrap());
        let (take, calls) = mpsc::channel();
        std::thread::spawn(move || {
            silent.incoming().flatten().try_for_each(|call| take.send(call))
        });
        let settings = Settings {
            profile: Profile::WorkspaceCore,
            allow_host_compat: false,
            project: ProjectSource::Repository { url, reference: None },
            seed_roots: Vec::new(),
            export_roots: Vec::new(),
            home: None,
            ceilings: Ceilings::default(),
            network: crate::NetworkRule::default(),
            images: Vec::new(),
            disclosure: pyro::secret::Disclosure::Refused,
        };
        let sources = Sources::open(&config, &settings).unwrap();
        Place { config, sources, creations: Creations::default(), calls, _home: home }
    }

    impl Place {
        async fn wait(&self, name: Option<&str>, milliseconds: u64) -> Result<Creation, String> {
            let spec = WorkspaceSpec { name: name.map(str::to_owned), ..WorkspaceSpec::default() };
            let wish = Wish { spec, seed_path: None };
            let (ceilings, phrase) = (Ceilings::default(), Phrase::default());
            let patience = Duration::from_millis(milliseconds);
            let Self { config, sources, creations, .. } = self;
            let waited = creations.wait(config, sources, &ceilings, wish, patience, &phrase).await;
            waited.map_err(|error| error.code().to_owned())
        }

        fn is_called(&self) -> Option<TcpStream> {
            self.calls.recv_timeout(Duration::from_millis(500)).ok()
        }
    }

    fn assert_going(waited: &Result<Creation, String>) {
        assert!(matches!(waited, Ok(Creation::Going(_))), "{waited:?}");
    }

    #[tokio::test]
    async fn a_creation_goes_on_between_calls_is_begun_once_and_its_failure_is_told() {
        let place = place();
        for name in [Some("one"), None] {
            assert_going(&place.wait(name, 500).await);
            let call = place.is_called().expect("a creation that began");
            assert_going(&place.wait(name, 500).await);
            assert!(place.is_called().is_none(), "it began a second time");
            drop(call);
            assert_eq!(place.wait(name, 20_000).await.unwrap_err(), "git_failed");
            assert!(place.creations.works().is_empty());
        }
    }

    #[tokio::test]
    async fn calls_without_a_name_that_wait_at_the_same_time_are_about_different_workspaces() {
        let place = place();
        let (one, other) = tokio::join!(place.wait(None, 800), place.wait(None, 800));
        assert_going(&one);
        assert_going(&other);
        assert_eq!(place.calls.try_iter().count(), 2);
    }

    #[tokio::test]
    async fn a_call_that_is_taken_back_takes_its_creation_along() {
        let place = place();
        let taken_back = timeout(Duration::from_millis(300), place.wait(Some("one"), 20_000)).await;
        assert!(taken_back.is_err());
        assert!(place.creations.works().is_empty());
        // unless it has been told that it goes on
        assert_going(&place.wait(Some("one"), 300).await);
        assert_eq!(place.creations.works().len(), 1);
    }
}
