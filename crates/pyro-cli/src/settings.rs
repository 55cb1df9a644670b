//! The one place that looks at the process environment for the library.

use pyro::{Config, Result};

/// What the environment and this executable's place say.
///
/// # Errors
/// A variable that cannot be understood, or an executable that is gone.
pub(crate) fn config() -> Result<Config> {
    use pyro::error::AtPath;
    let executable =
        std::env::current_exe().at("find the program", std::path::Path::new("/proc/self/exe"))?;
    Ok(Config::from_lookup(executable, |name| std::env::var_os(name))?)
}
