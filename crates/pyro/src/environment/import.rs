//! Makes an environment of files: a root file system as a tar archive, an OCI layout, or what
//! `docker save` wrote. From then on it is what its name means, as if it had been pulled.

use super::building::Building;
use super::cache::Cache;
use super::making::{self, Making};
use super::named::Named;
use super::oci::{self, FileImage, Files};
use super::record::{EnvironmentRecord, Origin, Settings};
use super::{EnvironmentError, erofs, prune};
use crate::config::Config;
use crate::durable;
use crate::error::AtPath;
use crate::event::{self, Event, Observer, Unit};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// See [`super::Environments::import`].
pub(super) fn import(
    config: &Config,
    cache: &Cache,
    source: &Path,
    name: Option<&str>,
    observer: Observer<'_>,
) -> Result<String, EnvironmentError> {
    let name = name.map(Named::to_give).transpose()?;
    cache.create()?;
    let _kept = prune::hold(cache, observer)?;
    let shown = source.display().to_string();
    let what = format!("importing {shown}");
    event::step(observer, &what, || {
        let building = Building::begin(cache, config)?;
        let making = Making { cache, building: &building, name: &shown, what: &what, observer };
        let (name, record) = match files_of(source, &building, cache)? {
            Some(files) => {
                let image = files.image().map_err(|e| failed(source, e))?;
                let name = match (name, &image.name) {
                    (Some(name), _) => name,
                    (None, Some(name)) => Named::to_give(name)?,
                    (None, None) => return Err(nameless(source)),
                };
                let record = of_image(&making, source, &name, &image)?;
                (name, record)
            }
            None => {
                let name = name.ok_or_else(|| nameless(source))?;
                let record = of_root(&making, source, &name)?;
                (name, record)
            }
        };
        let _turn =
            cache.lock(&name.key(), &format!("preparing {}", name.canonical()), observer)?;
        durable::write_json(&cache.environment_record(&name.key()), &record)?;
        Ok(name.canonical())
    })
}

fn nameless(source: &Path) -> EnvironmentError {
    EnvironmentError::Nameless { source_path: source.to_owned() }
}

fn failed(source: &Path, error: oci::OciError) -> EnvironmentError {
    EnvironmentError::Image { image: source.display().to_string(), source: error }
}

/// The files of an image; `None` where the source is a root file system.
fn files_of(
    source: &Path,
    building: &Building,
    cache: &Cache,
) -> Result<Option<Files>, EnvironmentError> {
    if source.is_dir() {
        return Ok(Some(Files::Directory(source.to_owned())));
    }
    let length = fs::metadata(source).at("look at", source)?.len();
    making::require_space(cache, length)?;
    let unpacked = building.file("archive");
    fs::create_dir(&unpacked).at("create", &unpacked)?;
    let files = Files::unpack(source, &unpacked).map_err(|error| failed(source, error))?;
    if files.is_none() {
        fs::remove_dir_all(&unpacked).at("remove", &unpacked)?;
    }
    Ok(files)
}

fn of_image(
    making: &Making<'_>,
    source: &Path,
    name: &Named,
    image: &FileImage,
) -> Result<EnvironmentRecord, EnvironmentError> {
    let directory = image.settings.working_directory.as_deref();
    let written = making.of_layers(&image.layers, directory)?;
    let digest = image.manifest_digest.as_ref().unwrap_or(&image.config_digest);
    let origin = Origin::Import {
        path: source.to_owned(),
        manifest_digest: image.manifest_digest.clone(),
        config_digest: Some(image.config_digest.clone()),
        layers: image.records.clone(),
    };
    let version = format!("sha256:{digest}");
    Ok(making::record(name.canonical(), version, written, origin, Settings::of(&image.settings)))
}

fn of_root(
    making: &Making<'_>,
    source: &Path,
    name: &Named,
) -> Result<EnvironmentRecord, EnvironmentError> {
    let (path, file) = making.file()?;
    let tar = oci::open_archive(source).map_err(|error| failed(source, error))?;
    let mut tar = Hashed { inner: tar, hash: Sha256::new() };
    let mut progress = |done| {
        let what = making.what.to_owned();
        (making.observer)(Event::Advanced { what, done, total: None, unit: Unit::Bytes });
    };
    let summary = erofs::write_from_tar(&mut tar, &file, &erofs::Limits::default(), &mut progress)?;
    let tar_digest = hex::encode(tar.hash.finalize());
    let origin = Origin::Import {
        path: source.to_owned(),
        manifest_digest: None,
        config_digest: None,
        layers: Vec::new(),
    };
    let version = format!("sha256:{tar_digest}");
    let written = making::keep(making.cache, &path, summary.entries, Some(tar_digest))?;
    Ok(making::record(name.canonical(), version, written, origin, Settings::default()))
}

/// Hashes what passes by.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
