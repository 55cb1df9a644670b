//! What a new workspace is seeded with.

use crate::line::{Broken, Line};
use pyo3::prelude::*;
use pyro::error::Diagnose;
use pyro::seed::{self, Project, project};
use pyro::workspace::{Checkout, Seed};
use pyro::{Config, Error, Kind, event};
use std::path::{Path, PathBuf};

/// `_wishes.Source` of the package; at most one of its three.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Source {
    seed_path: Option<PathBuf>,
    project_path: Option<PathBuf>,
    repo_url: Option<String>,
    repo_ref: Option<String>,
}

/// More than one thing to begin with.
#[derive(Debug, thiserror::Error)]
#[error("a workspace begins with one of seed_path, project_path and repo_url")]
struct TwoSources;

impl Diagnose for TwoSources {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "two_sources"
    }
}

/// A source that can be read.
pub(crate) struct Opened {
    pub(crate) seed: Option<Seed>,
    /// A clone is removed when it has been read.
    _checkout: Option<Checkout>,
}

impl Source {
    pub(crate) async fn open(self, config: &Config, line: &Line) -> Result<Opened, Broken> {
        let Self { seed_path, project_path, repo_url, repo_ref } = self;
        let seed = match (seed_path, project_path, repo_url) {
            (None, None, None) => None,
            (Some(path), None, None) => Some(of_path(&path)?),
            (None, Some(path), None) => {
                let project = Project::at(config, &path)?;
                let path = project.path().display().to_string();
                Some(Seed::new(seed::Source::Project(project), path))
            }
            (None, None, Some(url)) => return fetched(config, url, repo_ref, line).await,
            _ => return Err(TwoSources.into()),
        };
        Ok(Opened { seed, _checkout: None })
    }
}

/// A directory or an archive.
pub(crate) fn of_path(path: &Path) -> Result<Seed, Error> {
    Ok(Seed::new(seed::Source::of(path)?, path.display().to_string()))
}

/// On a thread of its own, because that work blocks.
async fn fetched(
    config: &Config,
    url: String,
    reference: Option<String>,
    line: &Line,
) -> Result<Opened, Broken> {
    let (config, from) = (config.clone(), url.clone());
    let work = move || Checkout::fetch(&config, &from, reference.as_deref(), &event::ignore);
    let fetched = line.unless_cancelled(tokio::task::spawn_blocking(work)).await?;
    // it is never aborted, so all that can be wrong with it is a panic
    let fetched = fetched.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    let (checkout, project) = fetched?;
    let seed = Seed::new(seed::Source::Project(project), project::url::shown(&url));
    Ok(Opened { seed: Some(seed), _checkout: Some(checkout) })
}
