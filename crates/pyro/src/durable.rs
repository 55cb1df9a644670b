//! Files that survive a loss of power and a kill at any moment: a reader finds the old one or the new
//! one, never a part of one. It knows nothing of what they hold.

use crate::error::{AtPath, PathError};
use serde::Serialize;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Writes `value` as JSON, as [`write_whole`] does.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), PathError> {
    let json = serde_json::to_vec_pretty(value).map_err(std::io::Error::from).at("write", path)?;
    write_whole(path, &json)
}

/// Writes `bytes`: whole, durable and in one step. Only one process at a time may write `path`.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PathError> {
    let aside = aside(path);
    let mut file = File::create(&aside).at("create", &aside)?;
    file.write_all(bytes).at("write", &aside)?;
    file.sync_all().at("sync", &aside)?;
    move_into_place(&aside, path)
}

/// Makes a new private file (mode 0600) that `fill` writes: whole, durable and in one step. On failure
/// nothing is left behind. Only one process at a time may write `path`.
pub(crate) fn write_filled<T>(
    path: &Path,
    fill: impl FnOnce(&File, &Path) -> Result<T, PathError>,
) -> Result<T, PathError> {
    let aside = aside(path);
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).at("remove", &aside);
        }
        _ => {} // what a kill left there must not lend its mode to the new file
    }
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&aside);
    let file = file.at("create", &aside)?;
    let filled = fill(&file, &aside).and_then(|filled| {
        file.sync_all().at("sync", &aside)?;
        move_into_place(&aside, path)?;
        Ok(filled)
    });
    filled.inspect_err(|_| {
        let _ = fs::remove_file(&aside); // it is of no use, and the first error counts
    })
}

fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    PathBuf::from(aside)
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
