//! A repository fetched by its URL, for as long as a workspace is seeded from it. Those of killed
//! processes are removed by the next one.

use crate::config::Config;
use crate::error::Result;
use crate::event::Observer;
use crate::seed::Project;
use crate::store::{Collection, Item, Turn};
use crate::vm::start::new_id;

/// A clone on the host. Dropping it removes it.
#[derive(Debug)]
pub struct Checkout {
    item: Item,
    turn: Turn,
}

impl Checkout {
    /// Clones `url` and checks out `reference`, see [`Project::clone_of`]. Blocks for as long as the
    /// server of the URL takes.
    ///
    /// # Errors
    /// Those of [`Project::clone_of`], or if the directory cannot be made.
    pub fn fetch(
        config: &Config,
        url: &str,
        reference: Option<&str>,
        observer: Observer<'_>,
    ) -> Result<(Self, Project)> {
        // none ever has a record: what nobody holds is what a killed process has left
        let checkouts = Collection::new("checkout", config.paths.checkouts());
        checkouts.sweep()?;
        let (item, turn) = checkouts.create(&new_id("checkout")?)?;
        let checkout = Self { item, turn };
        let tree = checkout.item.path().join("tree");
        let project = Project::clone_of(config, url, reference, &tree, observer)?;
        Ok((checkout, project))
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // what cannot be removed now is swept later
        let _ = self.item.remove(&self.turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::ignore;
    use std::ffi::OsString;

    #[test]
    fn a_checkout_that_failed_or_is_dropped_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let config = Config::from_lookup("/proc/self/exe".into(), |name| match name {
            "PYRO_HOME" => Some(home.path().into()),
            "PATH" => Some(OsString::from("/usr/bin:/bin")),
            _ => None,
        })
        .unwrap();
        let left = || std::fs::read_dir(config.paths.checkouts()).unwrap().flatten().count();
        // what a killed process has left
        crate::store::directory::private(&config.paths.checkouts()).unwrap();
        std::fs::create_dir_all(config.paths.checkouts().join("checkout-dead/tree")).unwrap();
        let url = format!("file://{}", home.path().join("origin").display());
        Checkout::fetch(&config, &url, None, &ignore).unwrap_err();
        assert_eq!(left(), 1, "the lock of all alone");

        let init = std::process::Command::new("git")
            .args(["init", "-q"])
            .arg(home.path().join("origin"))
            .status();
        assert!(init.unwrap().success());
        let (checkout, project) = Checkout::fetch(&config, &url, None, &ignore).unwrap();
        assert!(project.path().join(".git").is_dir());
        drop(checkout);
        assert_eq!(left(), 1);
    }
}
