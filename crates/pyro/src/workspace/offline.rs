//! The disk of a workspace whose machine does not run. It is a guest's work, and so read by a process in
//! the jail.

use super::find::{find, record_of};
use super::state::{State, Verb};
use super::status::state_of;
use super::sweep::sweep;
use super::{WORKSPACE_PATH, WorkspaceError, disk_of, file_path, machine_of};
use crate::config::Config;
use crate::confined::{Confined, ConfinedError, Confinement};
use crate::error::{AtPath, Result};
use crate::event::Observer;
use crate::secret::Vault;
use crate::shim::attach;
use crate::store::{Item, Turn};
use pyro_proto::GuestPath;
use std::fs::File;
use std::path::PathBuf;

/// A workspace that does not run, and that nobody starts while this is there.
#[derive(Debug)]
pub(super) struct Offline {
    pub(super) item: Item,
    pub(super) vault: Vault,
    _turn: Turn,
}

/// Finds the workspace with this id, name, or beginning of either, which must be stopped or expired.
pub(super) async fn offline(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<Offline> {
    sweep(config, observer);
    let item = find(config, wanted)?;
    let _turn = item.turn().await?;
    let record = record_of(&item)?;
    let (state, _) = state_of(config, &item, &record)?;
    state.permit(Verb::ReadDisk, item.id())?;
    // one that was killed just now may have left its monitor at work
    if attach(&machine_of(config, &item)).await?.is_some() {
        State::Started.permit(Verb::ReadDisk, item.id())?;
    }
    let vault = Vault::open_with(item.path(), &record.secrets)?;
    Ok(Offline { item, vault, _turn })
}

impl Offline {
    /// A path as it is shown.
    pub(super) fn shown(&self, path: &str) -> String {
        self.vault.redactor().text(path).into_owned()
    }

    /// Asks something about the workspace's disk.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        config: &Config,
        question: impl FnOnce(&mut Confined) -> Result<T, ConfinedError> + Send + 'static,
    ) -> Result<T> {
        let asked = ask(config, &self.item, disk_of(self.item.path()), question).await;
        asked.map_err(|error| self.vault.redactor().error(error))
    }
}

/// Asks something about a disk that nobody writes; it belongs to a workspace.
pub(super) async fn ask<T: Send + 'static>(
    config: &Config,
    item: &Item,
    disk: PathBuf,
    question: impl FnOnce(&mut Confined) -> Result<T, ConfinedError> + Send + 'static,
) -> Result<T> {
    let confinement = Confinement::of(config, item.id());
    let asking = tokio::task::spawn_blocking(move || {
        let disk = File::open(&disk).at("open", &disk)?;
        Ok(question(&mut Confined::start(&confinement, disk)?)?)
    });
    // it is never aborted, so all that can be wrong with it is a panic
    asking.await.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()))
}

/// A path as users and models write it, as it is below `/workspace` on a disk and as it is told.
pub(super) fn disk_path(path: &str) -> Result<(GuestPath, String), WorkspaceError> {
    let whole = file_path::file_path(path)?;
    let names = whole.as_bytes().split(|byte| *byte == b'/');
    let mut names = names.filter(|name| !matches!(*name, b"" | b"."));
    if names.next() != Some(b"workspace") {
        let why = "only /workspace of a stopped workspace's disk is shown";
        return Err(WorkspaceError::BadPath { path: path.to_owned(), why });
    }
    let below = names.collect::<Vec<_>>().join(&b'/');
    let told = match String::from_utf8_lossy(&below) {
        below if below.is_empty() => WORKSPACE_PATH.to_owned(),
        below => format!("{WORKSPACE_PATH}/{below}"),
    };
    Ok((GuestPath::new(below), told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_a_disk_lies_below_its_workspace() {
        let below = |path: &str| {
            let (below, told) = disk_path(path).unwrap();
            (below.to_string(), told)
        };
        assert_eq!(below("/workspace"), (String::new(), "/workspace".into()));
        assert_eq!(below("."), (String::new(), "/workspace".into()));
        for path in ["src/a.rs", "/workspace/src/a.rs", "/workspace//src/./a.rs/"] {
            assert_eq!(below(path), ("src/a.rs".into(), "/workspace/src/a.rs".into()), "{path}");
        }
        for path in ["/", "/etc/passwd", "/workspaces", "../x", ""] {
            assert!(disk_path(path).is_err(), "{path}");
        }
    }
}
