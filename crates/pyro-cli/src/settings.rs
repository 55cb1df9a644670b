//! The one place that looks at the process environment for the library.

use pyro::error::AtPath;
use pyro::{Config, Result};
use std::path::{Path, PathBuf};

/// What the environment and this executable's place say.
///
/// # Errors
/// A variable that cannot be understood, or an executable that is gone.
pub(crate) fn config() -> Result<Config> {
    Ok(Config::from_lookup(executable()?, |name| std::env::var_os(name))?)
}

/// This executable's path.
///
/// # Errors
/// If it is gone.
pub(crate) fn executable() -> Result<PathBuf> {
    Ok(std::env::current_exe().at("find the program", Path::new("/proc/self/exe"))?)
}

/// The user's home directory.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}

/// Where relative paths begin.
///
/// # Errors
/// If the directory is gone.
pub(crate) fn working_directory() -> Result<PathBuf> {
    Ok(std::env::current_dir().at("find the working directory", Path::new("."))?)
}
