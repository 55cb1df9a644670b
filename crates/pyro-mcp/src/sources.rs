//! What goes from the host into workspaces: the server's project, and what a model names below the
//! directories that the human has opened.

use crate::error::CallError;
use crate::progress::Phrase;
use crate::settings::{ProjectSource, Settings};
use pyro::hostfs::{HostPathError, HostRoots, Opened};
use pyro::seed::{Project, SeedError, Source};
use pyro::workspace::{Checkout, Seed};
use pyro::{Config, Error};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The flag that opens a directory.
const FLAG: &str = "--seed-root";

/// Shared by all calls of a server.
#[derive(Debug)]
pub(crate) struct Sources {
    config: Config,
    project: ProjectSource,
    home: Option<PathBuf>,
    /// Opened at the start where the human named them, else when the project is first looked for.
    roots: OnceCell<HostRoots>,
}

/// What a workspace begins with. The checkout, if there is one, is removed with it.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// Nothing where it begins empty.
    pub(crate) seed: Option<Seed>,
    /// What the seed is read from.
    pub(crate) checkout: Option<Checkout>,
}

impl Sources {
    /// Opens what the human named.
    ///
    /// # Errors
    /// If a directory is missing or too wide.
    pub(crate) fn open(config: &Config, settings: &Settings) -> Result<Arc<Self>, Error> {
        let Settings { project, seed_roots, home, .. } = settings;
        if let ProjectSource::Path(path) = project
            && !path.is_dir()
        {
            return Err(SeedError::NotFound { path: path.clone() }.into());
        }
        let roots = match &seed_roots[..] {
            [] => OnceCell::new(),
            named => OnceCell::new_with(Some(HostRoots::open(FLAG, named, home.as_deref())?)),
        };
        let (config, project, home) = (config.clone(), project.clone(), home.clone());
        Ok(Arc::new(Self { config, project, home, roots }))
    }

    /// What a workspace begins with: what `seed_path` names, nothing where it is the empty text, the
    /// server's project where it is left out.
    ///
    /// # Errors
    /// If the path is refused, or the project cannot be used.
    pub(crate) async fn beginning(
        &self,
        seed_path: Option<&str>,
        phrase: &Phrase,
    ) -> Result<Beginning, Error> {
        let seed = match (seed_path, &self.project) {
            (Some(""), _) => None,
            (Some(path), _) => Some(self.named(path).await?),
            (None, ProjectSource::Repository { url, reference }) => {
                return self.fetched(url.clone(), reference.clone(), phrase.clone()).await;
            }
            (None, _) => self.project().await?.map(of_project),
        };
        Ok(Beginning { seed, checkout: None })
    }

    /// A file or directory that a model names, below a directory that the human has opened.
    ///
    /// # Errors
    /// If the path is refused.
    pub(crate) async fn opened(&self, path: &str) -> Result<Opened, Error> {
        Ok(self.roots().await?.resolve_seed(Path::new(path))?)
    }

    /// What a model names, below a directory that the human has opened. The project's own top is the
    /// project: what Git ignores stays out.
    ///
    /// # Errors
    /// If the path is refused.
    pub(crate) async fn named(&self, path: &str) -> Result<Seed, Error> {
        let opened = self.opened(path).await?;
        if let Some(project) = self.project().await?
            && leads_to(path, project.path())
        {
            return Ok(of_project(project));
        }
        Ok(Seed::new(Source::opened(opened)?, path))
    }

    /// Where the project is on this host, if there is one.
    pub(crate) async fn project_path(&self) -> Result<Option<PathBuf>, Error> {
        Ok(self.project().await?.map(|project| project.path().to_owned()))
    }

    async fn roots(&self) -> Result<&HostRoots, Error> {
        let open = async {
            let project = self.project().await?;
            let root: Vec<PathBuf> = project.iter().map(|p| p.path().to_owned()).collect();
            match HostRoots::open(FLAG, &root, self.home.as_deref()) {
                // a home directory that is a repository: only the human can open parts of it
                Err(HostPathError::Root { .. }) => {
                    Ok(HostRoots::open(FLAG, &[], self.home.as_deref())?)
                }
                opened => Ok(opened?),
            }
        };
        self.roots.get_or_try_init(|| open).await
    }

    /// The project on this host, if there is one.
    async fn project(&self) -> Result<Option<Project>, Error> {
        let config = self.config.clone();
        let found = match self.project.clone() {
            ProjectSource::Around(directory) => {
                blocking(move || match Project::discover(&config, &directory) {
                    // nobody asked for a project
                    Err(SeedError::GitMissing) => Ok(None),
                    found => found,
                })
                .await?
            }
            ProjectSource::Path(path) => {
                blocking(move || Project::at(&config, &path).map(Some)).await?
            }
            ProjectSource::Repository { .. } => return Ok(None),
        };
        Ok(found?)
    }

    async fn fetched(
        &self,
        url: String,
        reference: Option<String>,
        phrase: Phrase,
    ) -> Result<Beginning, Error> {
        let config = self.config.clone();
        let fetched = blocking(move || {
            let observer = |event| phrase.follow(&event);
            Checkout::fetch(&config, &url, reference.as_deref(), &observer)
        });
        let (checkout, project) = fetched.await??;
        Ok(Beginning { seed: Some(of_project(project)), checkout: Some(checkout) })
    }
}

fn of_project(project: Project) -> Seed {
    let path = project.path().display().to_string();
    Seed::new(Source::Project(project), path)
}

/// Whether a path that was opened before is that of a directory.
fn leads_to(path: &str, directory: &Path) -> bool {
    directory.join(path).canonicalize().is_ok_and(|path| path == directory)
}

/// git and host files make their thread wait.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| CallError::Ending.into())
}
