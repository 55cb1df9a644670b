//! Files that survive a loss of power and a kill at any moment: a reader finds the old one or the new
//! one, never a part of one. It knows nothing of what they hold.

use crate::error::{AtPath, PathError};
use serde::Serialize;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes `value` as JSON, as [`write_whole`] does.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), PathError> {
    let json = serde_json::to_vec_pretty(value).map_err(std::io::Error::from).at("write", path)?;
    write_whole(path, &json)
}

/// Writes `bytes`: whole, durable and in one step. Only one process at a time may write `path`.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    let aside = PathBuf::from(aside);
    let mut file = File::create(&aside).at("create", &aside)?;
    file.write_all(bytes).at("write", &aside)?;
    file.sync_all().at("sync", &aside)?;
    move_into_place(&aside, path)
}

/// Gives a file whose content is durable its name.
pub(crate) fn move_into_place(from: &Path, to: &Path) -> Result<(), PathError> {
    fs::rename(from, to).at("move into place", to)?;
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    sync_directory(parent.unwrap_or_else(|| Path::new(".")))
}

/// Brings the names in a directory to stable storage, after a rename or a removal in it.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), PathError> {
    File::open(directory).and_then(|directory| directory.sync_all()).at("sync", directory)
}
