//! What goes from workspaces to the host: only below the directories that the human has opened, else below
//! `.pyro/out` in the project.

use crate::settings::Settings;
use crate::sources::Sources;
use pyro::Error;
use pyro::export::{ExportTarget, default_root};
use pyro::hostfs::HostRoots;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The flag that opens a directory.
const FLAG: &str = "--export-root";

/// Shared by all calls of a server.
#[derive(Debug)]
pub(crate) struct Destinations {
    sources: Arc<Sources>,
    home: Option<PathBuf>,
    /// Opened at the start where the human named them, else when something is first exported.
    roots: OnceCell<HostRoots>,
}

impl Destinations {
    /// Opens what the human named.
    ///
    /// # Errors
    /// If a directory is missing or too wide.
    pub(crate) fn open(settings: &Settings, sources: Arc<Sources>) -> Result<Self, Error> {
        let Settings { export_roots, home, .. } = settings;
        let roots = match &export_roots[..] {
            [] => OnceCell::new(),
            named => OnceCell::new_with(Some(HostRoots::open(FLAG, named, home.as_deref())?)),
        };
        Ok(Self { sources, home: home.clone(), roots })
    }

    /// Where a path of the model's leads.
    ///
    /// # Errors
    /// If it is refused; the hint names the flag.
    pub(crate) async fn named(&self, path: &str) -> Result<ExportTarget, Error> {
        let open = async {
            match self.sources.project_path().await? {
                Some(project) if !self.is_home(&project) => Ok(default_root(FLAG, &project)?),
                _ => Ok::<_, Error>(HostRoots::open(FLAG, &[], self.home.as_deref())?),
            }
        };
        let roots = self.roots.get_or_try_init(|| open).await?;
        Ok(ExportTarget::beneath(roots, Path::new(path))?)
    }

    /// A home directory that is a repository: only the human can open parts of it.
    fn is_home(&self, project: &Path) -> bool {
        let home = self.home.as_ref().and_then(|home| home.canonicalize().ok());
        home.is_some_and(|home| project.canonicalize().is_ok_and(|project| project == home))
    }
}
