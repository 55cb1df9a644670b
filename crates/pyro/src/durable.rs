//! Files that survive a loss of power and a kill at any moment: a reader finds the old one or the new
//! one, never a part of one. It knows nothing of what they hold.

use crate::error::{AtPath, PathError};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
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
pub(crate) fn write_filled<T, E: From<PathError>>(
    path: &Path,
    fill: impl FnOnce(&File, &Path) -> Result<T, E>,
) -> Result<T, E> {
    let aside = aside(path);
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).at("remove", &aside).map_err(E::from);
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

/// Makes a new private file where somebody else may work too: `fill` writes it beside `path` under a name
/// that nobody has, and nothing that is at `path` by then is overwritten. Whole, durable and in one
/// step; on failure nothing is left behind.
pub(crate) fn write_beside<T, E: From<PathError>>(
    path: &Path,
    fill: impl FnOnce(&File, &Path) -> Result<T, E>,
) -> Result<T, E> {
    let aside = stranger(path)?;
    let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(&aside);
    let file = file.at("create", &aside)?;
    let filled = fill(&file, &aside).and_then(|filled| {
        file.sync_all().at("sync", &aside)?;
        take_free_name(&aside, path)?;
        Ok(filled)
    });
    filled.inspect_err(|_| {
        let _ = fs::remove_file(&aside); // it is of no use, and the first error counts
    })
}

/// A hidden name beside `path` that nobody has thought of.
fn stranger(path: &Path) -> Result<PathBuf, PathError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|e| std::io::Error::other(e.to_string()))
        .at("name", path)?;
    let name = path.file_name().ok_or(ErrorKind::InvalidInput).map_err(std::io::Error::from);
    let name = name.at("create", path)?.to_string_lossy().into_owned();
    let name: String = name.chars().take(100).collect();
    Ok(path.with_file_name(format!(".{name}.{}", hex::encode(bytes))))
}

/// As [`move_into_place`], where nothing has that name yet.
fn take_free_name(from: &Path, to: &Path) -> Result<(), PathError> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // a file system without that flag, rename(2)
        Err(Errno::INVAL) => {
            fs::hard_link(from, to).at("move into place", to)?;
            fs::remove_file(from).at("remove", from)?;
        }
        renamed => renamed.at("move into place", to)?,
    }
    sync_directory(parent_of(to))
}

fn parent_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new("."))
}

fn aside(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".new");
    PathBuf::from(aside)
}

/// Gives a file whose content is durable its name.
pub(crate) fn move_into_place(from: &Path, to: &Path) -> Result<(), PathError> {
    fs::rename(from, to).at("move into place", to)?;
    sync_directory(parent_of(to))
}

/// Brings the names in a directory to stable storage, after a rename or a removal in it.
pub(crate) fn sync_directory(directory: &Path) -> Result<(), PathError> {
    File::open(directory).and_then(|directory| directory.sync_all()).at("sync", directory)
}
