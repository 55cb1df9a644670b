//! What this user's environment says about where things lie.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A look at variables and `PATH`.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    home: Option<PathBuf>,
    here: PathBuf,
    lookup: fn(&str) -> Option<OsString>,
}

impl Surroundings {
    /// Of this process, which works in `here`.
    pub(crate) fn of_this_process(here: PathBuf) -> Self {
        Self { home: crate::settings::home(), here, lookup: |name| std::env::var_os(name) }
    }

    /// With this home and nothing else.
    #[cfg(test)]
    pub(crate) fn bare(home: &Path) -> Self {
        Self { home: Some(home.to_owned()), here: home.to_owned(), lookup: |_| None }
    }

    /// The working directory.
    pub(super) fn here(&self) -> &Path {
        &self.here
    }

    /// A path in the home directory.
    pub(super) fn home(&self, path: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// A directory that a variable names, or one in the home directory.
    pub(super) fn directory(&self, variable: &str, otherwise: &str) -> Option<PathBuf> {
        match (self.lookup)(variable).filter(|value| !value.is_empty()) {
            Some(named) => Some(self.here.join(named)),
            None => self.home(otherwise),
        }
    }

    /// Where on `PATH` a program is.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        let path = (self.lookup)("PATH")?;
        std::env::split_paths(&path).map(|place| place.join(name)).find(|path| is_program(path))
    }
}

/// Whether this can be started.
pub(super) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
