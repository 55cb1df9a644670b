//! All things of one kind: making one, finding one by what a user types, and clearing away what
//! kills have left.

use super::StoreError;
use super::directory::{lock_all, private};
use super::item::{Item, LOCK, Turn};
use crate::durable;
use crate::error::{AtPath, PathError};
use crate::lock::{Lock, try_take};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

/// The things of one kind, in one directory.
#[derive(Debug, Clone)]
pub struct Collection {
    noun: &'static str,
    root: PathBuf,
}

impl Collection {
    /// The things called `noun` in error messages, below `root`. Touches nothing yet.
    #[must_use]
    pub fn new(noun: &'static str, root: PathBuf) -> Self {
        Self { noun, root }
    }

    /// Makes the directory of a new one, which begins to exist with its first record.
    ///
    /// # Errors
    /// If the parent is not safe or the directory cannot be made.
    pub fn create(&self, id: &str) -> Result<(Item, Turn), StoreError> {
        private(&self.root)?;
        let _all = self.lock()?;
        let item = self.item(id.to_owned());
        DirBuilder::new().mode(0o700).create(&item.path).at("create", &item.path)?;
        let path = item.path.join(LOCK);
        let lock = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
        let lock = lock.at("create", &path)?;
        // nobody else looks at it while `_all` is held
        try_take(&lock, &path)?;
        durable::sync_directory(&self.root)?;
        Ok((item, Turn { _lock: lock }))
    }

    /// Every one, in the order of their ids.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn all(&self) -> Result<Vec<Item>, PathError> {
        let mut items = self.directories()?;
        items.retain(Item::exists);
        Ok(items)
    }

    /// The one whose id is `wanted` or, alone of all, begins with it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] or [`StoreError::Ambiguous`].
    pub fn find(&self, wanted: &str) -> Result<Item, StoreError> {
        let mut items = self.all()?;
        if let Some(exact) = items.iter().position(|item| item.id == wanted) {
            return Ok(items.swap_remove(exact));
        }
        items.retain(|item| !wanted.is_empty() && item.id.starts_with(wanted));
        let (noun, wanted) = (self.noun, wanted.to_owned());
        if items.len() > 1 {
            let matches = items.into_iter().map(|item| item.id).collect();
            return Err(StoreError::Ambiguous { noun, wanted, matches });
        }
        items.pop().ok_or(StoreError::NotFound { noun, wanted })
    }

    /// Excludes every creation and removal while it is held, see [`lock_all`].
    ///
    /// # Errors
    /// If there is no such directory.
    pub fn lock(&self) -> Result<Lock, PathError> {
        lock_all(&self.root)
    }

    /// Removes what interrupted creations and removals have left.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn sweep(&self) -> Result<(), StoreError> {
        let unfinished = |item: &Item| !item.exists();
        if !self.directories()?.iter().any(unfinished) {
            return Ok(());
        }
        let _all = self.lock()?;
        for item in self.directories()?.into_iter().filter(unfinished) {
            // without even a lock it is nobody's; with a lock that is held, somebody is at work
            let _turn = match item.try_lock() {
                Ok(None) => continue,
                Ok(turn) => turn,
                Err(StoreError::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
            if unfinished(&item) {
                fs::remove_dir_all(&item.path).at("remove", &item.path)?;
            }
        }
        Ok(())
    }

    fn directories(&self) -> Result<Vec<Item>, PathError> {
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("read", &self.root)?,
        };
        let mut items: Vec<Item> = entries
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| Some(self.item(entry.file_name().into_string().ok()?)))
            .collect();
        items.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(items)
    }

    fn item(&self, id: String) -> Item {
        Item { noun: self.noun, path: self.root.join(&id), id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;

    fn collection(home: &std::path::Path) -> Collection {
        Collection::new("vm", home.join("vms"))
    }

    fn make(vms: &Collection, id: &str) -> Item {
        let (item, turn) = vms.create(id).unwrap();
        item.write(&turn, &7).unwrap();
        item
    }

    fn ids(vms: &Collection) -> Vec<String> {
        vms.all().unwrap().into_iter().map(|item| item.id).collect()
    }

    #[test]
    fn an_id_or_a_prefix_that_only_one_has_finds_it() {
        let home = tempfile::tempdir().unwrap();
        let vms = collection(home.path());
        assert_eq!(vms.find("vm-1").unwrap_err().code(), "not_found");
        for id in ["vm-1", "vm-12", "vm-3"] {
            make(&vms, id);
        }
        assert_eq!(vms.find("vm-1").unwrap().id(), "vm-1");
        assert_eq!(vms.find("vm-3").unwrap().path(), home.path().join("vms/vm-3"));
        let ambiguous = vms.find("vm-").unwrap_err();
        assert_eq!(ambiguous.code(), "ambiguous_id");
        assert!(ambiguous.hints()[0].contains("vm-1, vm-12, vm-3"), "{:?}", ambiguous.hints());
        for nothing in ["", "vm-4", "../vms/vm-1", ".", "vm-1/"] {
            assert_eq!(vms.find(nothing).unwrap_err().code(), "not_found", "{nothing}");
        }
    }

    #[test]
    fn what_is_half_made_or_half_removed_does_not_exist_and_is_swept() {
        let home = tempfile::tempdir().unwrap();
        let vms = collection(home.path());
        let whole = make(&vms, "vm-whole");
        drop(vms.create("vm-half-made").unwrap());
        let _in_the_making = vms.create("vm-in-the-making").unwrap();
        fs::create_dir(home.path().join("vms/vm-empty")).unwrap();
        let removed = make(&vms, "vm-half-removed");
        fs::remove_file(removed.record_path()).unwrap();
        assert_eq!(ids(&vms), ["vm-whole"]);
        vms.sweep().unwrap();
        let mut left: Vec<String> = vms.directories().unwrap().into_iter().map(|i| i.id).collect();
        left.sort();
        assert_eq!(left, ["vm-in-the-making", "vm-whole"]);
        assert_eq!(whole.read::<i32>().unwrap(), 7);
    }

    #[tokio::test]
    async fn verbs_take_turns_and_the_one_that_comes_after_a_removal_finds_nothing() {
        let home = tempfile::tempdir().unwrap();
        let vms = collection(home.path());
        let item = make(&vms, "vm-1");
        let turn = item.turn().await.unwrap();
        assert!(item.try_turn().unwrap().is_none());
        let (_, second) = tokio::join!(
            async {
                tokio::time::sleep(std::time::Duration::from_millis(60)).await;
                item.remove(&turn).unwrap();
                drop(turn);
            },
            item.turn()
        );
        assert_eq!(second.unwrap_err().code(), "not_found");
        assert!(!item.path().exists());
    }

    #[test]
    fn a_damaged_record_harms_its_own_thing_alone() {
        let home = tempfile::tempdir().unwrap();
        let vms = collection(home.path());
        let (good, bad) = (make(&vms, "vm-good"), make(&vms, "vm-bad"));
        for damage in ["", "{", "\0\0\0\0", &"[".repeat(1 << 20)] {
            fs::write(bad.record_path(), damage).unwrap();
            assert_eq!(bad.read::<i32>().unwrap_err().code(), "bad_record");
        }
        assert_eq!(good.read::<i32>().unwrap(), 7);
        assert_eq!(ids(&vms), ["vm-bad", "vm-good"]);
        bad.remove(&bad.try_turn().unwrap().unwrap()).unwrap();
        assert_eq!(ids(&vms), ["vm-good"]);
    }
}
