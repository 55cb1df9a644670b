//! Writes an installed environment into one file, as an artifact of root image and kernel, which `import` reads
//! on another machine.

use super::building::Building;
use super::cache::Cache;
use super::named::Named;
use super::{EnvironmentError, artifact, installed, prune};
use crate::config::Config;
use crate::durable::{NewName, write_beside};
use crate::error::AtPath;
use crate::event::{self, Observer};
use rustix::fs::Mode;
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::AsFd;
use std::path::Path;

/// An environment that is in a file now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// What it is called here, and in the file.
    pub name: String,
    /// `sha256:` and the digest that it would have in a registry.
    pub digest: String,
    /// Bytes of all of its parts, packed.
    pub size_bytes: u64,
}

/// See [`super::Environments::export`].
pub(super) fn export(
    config: &Config,
    cache: &Cache,
    name: &Named,
    output: &Path,
    observer: Observer<'_>,
) -> Result<Exported, EnvironmentError> {
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let directory = File::open(parent).at("open", parent)?;
    let file_name = output.file_name().unwrap_or_default();
    if output.symlink_metadata().is_ok() {
        // said before the work; what appears meanwhile is not overwritten either
        return Err(rustix::io::Errno::EXIST).at("create", output)?;
    }
    let mode = Mode::from_raw_mode(0o644);
    let new = NewName { directory: directory.as_fd(), name: file_name, path: output, mode };
    write_beside(new, |file, path| write(config, cache, name, file, path, observer))
}

/// See [`super::Environments::export_to`].
pub(super) fn write(
    config: &Config,
    cache: &Cache,
    name: &Named,
    out: impl Write,
    shown: &Path,
    observer: Observer<'_>,
) -> Result<Exported, EnvironmentError> {
    cache.create()?;
    let _kept = prune::hold(cache, observer)?;
    let Some(record) = installed::image(cache, name)? else {
        return Err(EnvironmentError::NotHere { name: name.canonical() });
    };
    let building = Building::begin(cache, config)?;
    let offer = artifact::pack(cache, &building, &record, observer)?;
    event::step(observer, &format!("writing {}", shown.display()), || {
        artifact::write_layout(&offer, &record.name, BufWriter::new(out), shown)
    })?;
    let digest = format!("sha256:{}", offer.digest());
    Ok(Exported { name: record.name, digest, size_bytes: offer.bytes() })
}
