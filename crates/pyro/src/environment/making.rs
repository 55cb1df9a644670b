//! From what an image is made of to an image in the cache with a record, the steps that all ways have in
//! common.

use super::building::Building;
use super::cache::{self, Cache};
use super::oci::{self, Layer};
use super::record::{EnvironmentRecord, FORMAT, ImageRecord, Origin, Settings};
use super::{EnvironmentError, erofs, now, space};
use crate::digest;
use crate::error::{AtPath, PathError};
use crate::event::{Event, Observer, Unit};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// Stands for the kernel in the record of a pull that was interrupted between image and kernel, or
/// that found a kernel of the user's own.
pub(super) const UNDECIDED: &str = "undecided";
/// How many times the length of packed layers has to be free: for themselves, and for what they unpack to,
/// which is seldom more than three times as much.
const SPACE_FACTOR: u64 = 4;

/// Makes sure that there is room for layers of so many packed bytes, and for what is made of them.
pub(super) fn require_space(cache: &Cache, bytes: u64) -> Result<(), EnvironmentError> {
    space::require(cache.root(), bytes.saturating_mul(SPACE_FACTOR))
}

/// One image in the making.
pub(super) struct Making<'a> {
    pub(super) cache: &'a Cache,
    pub(super) building: &'a Building,
    /// What people call it.
    pub(super) name: &'a str,
    /// The step, for the observer.
    pub(super) what: &'a str,
    pub(super) observer: Observer<'a>,
}

impl Making<'_> {
    /// Writes the tree that the layers stand for.
    pub(super) fn of_layers(
        &self,
        layers: &[Layer],
        working_directory: Option<&Path>,
    ) -> Result<ImageRecord, EnvironmentError> {
        let (path, file) = self.file()?;
        let total = Some(layers.len() as u64);
        let mut progress = |done| {
            let what = self.what.to_owned();
            (self.observer)(Event::Advanced { what, done, total, unit: Unit::Items });
        };
        let limits = erofs::Limits::default();
        let written = oci::flatten(layers, working_directory, &file, &limits, &mut progress);
        let image = || self.name.to_owned();
        let summary =
            written.map_err(|source| EnvironmentError::Image { image: image(), source })?;
        Ok(keep(self.cache, &path, summary.entries, None)?)
    }

    /// An empty file for the image.
    pub(super) fn file(&self) -> Result<(PathBuf, File), PathError> {
        let path = self.building.file("image.erofs");
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        Ok((path.clone(), file.at("create", &path)?))
    }
}

/// Moves a finished image into the cache.
pub(super) fn keep(
    cache: &Cache,
    image: &Path,
    entries: u64,
    tar_digest: Option<String>,
) -> Result<ImageRecord, PathError> {
    let digest = digest::of_file(image)?;
    let size_bytes = fs::metadata(image).at("look at", image)?.len();
    cache::publish_file(image, &cache.image(&digest))?;
    Ok(ImageRecord { digest, size_bytes, entries, tar_digest })
}

/// The record of an image that was made just now. It names no kernel yet.
pub(super) fn record(
    name: String,
    version: String,
    image: ImageRecord,
    origin: Origin,
    settings: Settings,
) -> EnvironmentRecord {
    EnvironmentRecord {
        format: FORMAT,
        name,
        version,
        image,
        kernel: UNDECIDED.to_owned(),
        origin,
        settings,
        passed_over: Vec::new(),
        created_at: now(),
    }
}
