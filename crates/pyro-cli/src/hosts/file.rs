//! A host's settings as a file: read whole, and written in one step beside a copy of what was there.

use super::HostError;
use pyro::error::AtPath;
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What the copy is called: the file's own name and this.
const BACKUP: &str = ".before-pyro";
/// Such files may hold tokens.
const PRIVATE: u32 = 0o600;

/// The text, if the file is there.
///
/// # Errors
/// A file that cannot be read as text.
pub(crate) fn read(path: &Path) -> Result<Option<String>, HostError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        read => Ok(Some(read.at("read", path)?)),
    }
}

/// Copies what is there; returns the copy's path.
///
/// # Errors
/// If it cannot be copied.
pub(crate) fn back_up(path: &Path) -> Result<PathBuf, HostError> {
    let mut name = path.as_os_str().to_owned();
    name.push(BACKUP);
    let copy = PathBuf::from(name);
    fs::copy(path, &copy).at("copy the settings to", &copy)?;
    Ok(copy)
}

/// Puts `text` in the place of `before`, if that is still what the file holds: whole, or not at all. A link is
/// followed: settings often lie elsewhere. Returns the copy of what was there.
///
/// # Errors
/// If it cannot be written, or the file has changed meanwhile.
pub(crate) fn replace(
    path: &Path,
    before: Option<&str>,
    text: &str,
) -> Result<Option<PathBuf>, HostError> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let directory = place.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory).at("make", directory)?;
    let backup = before.map(|_| back_up(path)).transpose()?;
    let mut aside = tempfile::NamedTempFile::new_in(directory).at("write in", directory)?;
    aside.write_all(text.as_bytes()).at("write", aside.path())?;
    let mode = place.metadata().map_or(PRIVATE, |found| found.permissions().mode() & 0o777);
    aside.as_file().set_permissions(Permissions::from_mode(mode)).at("write", aside.path())?;
    aside.as_file().sync_all().at("write", aside.path())?;
    if read(path)?.as_deref() != before {
        let changed = std::io::Error::other("somebody else has just changed it; try again");
        Err(changed).at("change", path)?;
    }
    aside.persist(&place).map_err(|failed| failed.error).at("write", &place)?;
    Ok(backup)
}
