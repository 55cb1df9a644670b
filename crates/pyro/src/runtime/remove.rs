//! Removes an installed Firecracker. A machine that runs on it holds the program open, so nothing
//! is taken from under it.

use super::RuntimeError;
use crate::durable::sync_directory;
use crate::error::{AtPath, PathError};
use crate::event::Observer;
use crate::machine::firecracker::program;
use crate::machine::firecracker::version::Version;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// See [`super::Runtimes::remove`].
pub(super) fn remove(
    runtimes: &Path,
    version: Version,
    observer: Observer<'_>,
) -> Result<bool, RuntimeError> {
    if !runtimes.exists() {
        return Ok(false);
    }
    let _turn = super::turn(runtimes, observer)?;
    let program = program::place(runtimes, version);
    let directory = program.parent().unwrap_or(runtimes);
    let was_there = gone(fs::remove_file(&program), &program)?;
    gone(fs::remove_dir(directory), directory)?;
    sync_directory(runtimes)?;
    Ok(was_there)
}

/// Whether there was something to remove.
fn gone(removed: io::Result<()>, path: &Path) -> Result<bool, PathError> {
    match removed {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).at("remove", path),
    }
}
