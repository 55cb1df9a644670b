//! One stored thing: its directory, its record, and the lock under which verbs take turns.

use super::directory::lock_all;
use super::{StoreError, record};
use crate::durable;
use crate::error::{AtPath, PathError};
use crate::lock::try_take;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// The name of the lock in a thing's directory. It is made with the directory and removed last.
pub(super) const LOCK: &str = "lock";
/// The longest that a verb waits for another one: the two boots of a machine take 80 s.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at a lock that somebody has. Never a blocking wait: the one who has it may
/// need this very thread.
const LOOK: Duration = Duration::from_millis(20);
/// How often a removal begins anew where somebody who ends at this moment, such as the keeper of its machine, writes
/// a last file into a directory that is just being emptied.
const TRIES: u32 = 100;

/// A thing that is stored, or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub(super) noun: &'static str,
    pub(super) id: String,
    pub(super) path: PathBuf,
}

/// The right to change a thing. The kernel takes it back from the dead.
#[derive(Debug)]
pub struct Turn {
    pub(super) _lock: File,
}

impl Item {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there: what has no record was never finished, or is being removed.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.record_path().exists()
    }

    /// Waits for the right to change it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is removed meanwhile, [`StoreError::Busy`] after two minutes.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_turn()? {
                Some(turn) => return Ok(turn),
                None if Instant::now() > deadline => {
                    return Err(StoreError::Busy { noun: self.noun, id: self.id.clone() });
                }
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// The right to change it, where nobody has it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is gone.
    pub fn try_turn(&self) -> Result<Option<Turn>, StoreError> {
        let Some(turn) = self.try_lock()? else { return Ok(None) };
        if self.exists() { Ok(Some(turn)) } else { Err(self.gone()) }
    }

    /// As [`Item::try_turn`], for what has no record too.
    pub(super) fn try_lock(&self) -> Result<Option<Turn>, StoreError> {
        let path = self.path.join(LOCK);
        let file = match OpenOptions::new().write(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.gone()),
            file => file.at("open", &path)?,
        };
        Ok(try_take(&file, &path)?.then_some(Turn { _lock: file }))
    }

    /// What is recorded about it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it is gone, [`StoreError::Record`] if the record is damaged.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        match record::read(&self.record_path()) {
            Err(StoreError::Path(error)) if error.source.kind() == ErrorKind::NotFound => {
                Err(self.gone())
            }
            read => read,
        }
    }

    /// The `version` that its record has, whatever else is in it: a later form may lack what this one needs.
    ///
    /// # Errors
    /// As [`Item::read`].
    pub fn version(&self) -> Result<u32, StoreError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        self.read().map(|Version { version }| version)
    }

    /// Records it, in one step.
    ///
    /// # Errors
    /// If the disk is full or the directory gone.
    pub fn write<T: Serialize>(&self, _turn: &Turn, record: &T) -> Result<(), PathError> {
        record::write(&self.record_path(), record)
    }

    /// Removes it with all that its directory holds: first the record, so that a removal that is
    /// interrupted is recognised and finished by the next sweep.
    ///
    /// # Errors
    /// If something cannot be removed.
    pub fn remove(&self, _turn: &Turn) -> Result<(), PathError> {
        match fs::remove_file(self.record_path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            removed => removed.at("remove", &self.record_path())?,
        }
        durable::sync_directory(&self.path)?;
        let _all = self.path.parent().map(lock_all).transpose()?;
        let mut again = 0..TRIES;
        loop {
            match fs::remove_dir_all(&self.path) {
                Err(error)
                    if error.kind() == ErrorKind::DirectoryNotEmpty && again.next().is_some() => {}
                removed => return removed.at("remove", &self.path),
            }
        }
    }

    pub(super) fn record_path(&self) -> PathBuf {
        self.path.join(format!("{}.json", self.noun))
    }

    fn gone(&self) -> StoreError {
        StoreError::NotFound { noun: self.noun, wanted: self.id.clone() }
    }
}
