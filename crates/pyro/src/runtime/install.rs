//! Installs a Firecracker: obtain, check, unpack, try, move into place. A reader of the directory
//! sees a whole program or none, whenever this ends; installing what is there changes nothing.

use super::aside::{Workbench, Written};
use super::obtain::obtain;
use super::order::{Order, Place};
use super::unpack::Obtained;
use super::{Release, RuntimeError, digest_of};
use crate::config::Config;
use crate::durable;
use crate::error::AtPath;
use crate::event::Observer;
use crate::machine::firecracker::program;
use crate::machine::firecracker::version::{self, Version};
use serde::Serialize;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A Firecracker that is installed now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Installation {
    /// Its version, as it says itself.
    pub version: Version,
    /// The program.
    pub path: PathBuf,
    /// SHA-256 of the program.
    pub sha256: String,
    /// Whether it was not there before.
    pub changed: bool,
}

/// See [`super::Runtimes::install`].
pub(super) fn install(
    config: &Config,
    release: &Release,
    order: &Order,
    observer: Observer<'_>,
) -> Result<Installation, RuntimeError> {
    let runtimes = config.paths.runtimes();
    fs::create_dir_all(&runtimes).at("create", &runtimes)?;
    let _turn = super::turn(&runtimes, observer)?;
    if order.sha256.is_none()
        && let Some(installation) = already_there(&runtimes, release)?
    {
        return Ok(installation);
    }
    let bench = Workbench::clear(&runtimes)?;
    let executable = fetch_and_check(config, release, order, &bench, observer)?;
    let version = try_out(&executable, order)?;
    move_into_place(&runtimes, version, executable)
}

/// The pinned release, if it is installed and undamaged.
fn already_there(runtimes: &Path, release: &Release) -> Result<Option<Installation>, RuntimeError> {
    let path = program::place(runtimes, release.version);
    if digest_of(&path)?.as_deref() != Some(release.executable_sha256) {
        return Ok(None);
    }
    let (version, sha256) = (release.version, release.executable_sha256.to_owned());
    Ok(Some(Installation { version, path, sha256, changed: false }))
}

/// The executable, aside, once everything that is known about it has been found to be true.
fn fetch_and_check(
    config: &Config,
    release: &Release,
    order: &Order,
    bench: &Workbench,
    observer: Observer<'_>,
) -> Result<Written, RuntimeError> {
    let published = Place::Url(release.url.to_owned());
    let place = order.from.as_ref().unwrap_or(&published);
    let step = match &order.from {
        None => format!("downloading Firecracker v{}", release.version),
        Some(place) => format!("fetching {place}"),
    };
    let obtained = obtain(config, place, &step, bench, observer)?;
    let opened = Obtained::open(&obtained, place.to_string())?;
    let is_archive = opened.is_archive;
    check_what_was_obtained(&obtained, release, order, place, is_archive)?;
    let executable = opened.executable(bench)?;
    if order.sha256.is_none() && is_archive && executable.sha256 != release.executable_sha256 {
        return Err(RuntimeError::PinnedExecutable {
            what: place.to_string(),
            archive: obtained.sha256,
            expected: release.executable_sha256.to_owned(),
            found: executable.sha256,
        });
    }
    Ok(executable)
}

/// Before a single byte of it is unpacked.
fn check_what_was_obtained(
    obtained: &Written,
    release: &Release,
    order: &Order,
    place: &Place,
    is_archive: bool,
) -> Result<(), RuntimeError> {
    let pinned = if is_archive || order.from.is_none() {
        release.archive_sha256
    } else {
        release.executable_sha256
    };
    let expected = order.sha256.as_deref().unwrap_or(pinned);
    if obtained.sha256 == expected {
        return Ok(());
    }
    Err(RuntimeError::WrongDigest {
        what: place.to_string(),
        expected: expected.to_owned(),
        found: obtained.sha256.clone(),
        given: order.sha256.is_some(),
    })
}

/// Runs the program where it is, aside, to hear its version.
fn try_out(executable: &Written, order: &Order) -> Result<Version, RuntimeError> {
    let what = order.from.as_ref().map_or_else(|| "what came".to_owned(), ToString::to_string);
    fs::set_permissions(&executable.path, Permissions::from_mode(0o755))
        .at("make executable", &executable.path)?;
    match version::ask(&executable.path) {
        Ok(version) if version >= Version::OLDEST => Ok(version),
        Ok(version) => Err(RuntimeError::TooOld { what, version }),
        Err(error) => Err(RuntimeError::NotFirecracker { what, why: error.to_string() }),
    }
}

fn move_into_place(
    runtimes: &Path,
    version: Version,
    executable: Written,
) -> Result<Installation, RuntimeError> {
    let path = program::place(runtimes, version);
    let directory = path.parent().unwrap_or(runtimes);
    let changed = digest_of(&path)?.as_deref() != Some(executable.sha256.as_str());
    if changed {
        let aside = &executable.path;
        File::open(aside).and_then(|file| file.sync_all()).at("sync", aside)?;
        fs::create_dir_all(directory).at("create", directory)?;
        durable::move_into_place(aside, &path)?;
        durable::sync_directory(runtimes)?;
    }
    Ok(Installation { version, path, sha256: executable.sha256, changed })
}
