//! Makes an environment of files: what `export` wrote, a root file system as a tar archive, an OCI layout, or what
//! `docker save` wrote. From then on it is what its name means, as if it had been pulled.

use super::artifact::{Artifact, Description};
use super::building::Building;
use super::cache::Cache;
use super::catalog::Recipe;
use super::making::{self, Making};
use super::named::Named;
use super::oci::{self, Blob, FileContent, FileEnvironment, FileImage, Files, Layer};
use super::record::{EnvironmentRecord, LayerRecord, Origin, Settings};
use super::{EnvironmentError, erofs, installed, prune, space};
use crate::config::Config;
use crate::durable;
use crate::error::AtPath;
use crate::event::{self, Event, Observer, Unit};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// See [`super::Environments::import`].
pub(super) fn import(
    config: &Config,
    cache: &Cache,
    source: &Path,
    name: Option<&str>,
    observer: Observer<'_>,
) -> Result<String, EnvironmentError> {
    let name = name.map(Named::parse).transpose()?;
    cache.create()?;
    let _kept = prune::hold(cache, observer)?;
    let shown = source.display().to_string();
    let what = format!("importing {shown}");
    event::step(observer, &what, || {
        let building = Building::begin(cache, config)?;
        let making = Making { cache, building: &building, name: &shown, what: &what, observer };
        let (name, record) = match files_of(source, &building, cache)? {
            Some(files) => match files.content().map_err(|e| failed(source, e))? {
                FileContent::Image(image) => {
                    let own = image.name.as_deref().map(Named::parse).transpose()?;
                    let name = name.or(own).ok_or_else(|| nameless(source))?.given()?;
                    let record = of_image(&making, source, &name, &image)?;
                    (name, record)
                }
                FileContent::Environment(artifact) => of_artifact(&making, source, name, artifact)?,
            },
            None => {
                let name = name.ok_or_else(|| nameless(source))?.given()?;
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

/// An artifact of pyro's own keeps the name that it had where it was made, unless another is `given`.
fn of_artifact(
    making: &Making<'_>,
    source: &Path,
    given: Option<Named>,
    file: FileEnvironment,
) -> Result<(Named, EnvironmentRecord), EnvironmentError> {
    let Making { cache, building, observer, .. } = *making;
    let description = Description::parse(&file.config).map_err(|error| failed(source, error))?;
    let is_given = given.is_some();
    let own = || Named::parse(&description.name).map_err(|_| nameless(source));
    let name = match given.map_or_else(own, Ok)? {
        Named::Recipe(recipe) => {
            let name = Named::Recipe(of_catalog(source, recipe, &description)?);
            let here = installed::image(cache, &name)?;
            if !is_given && here.is_some_and(|here| here.image.digest != description.root.digest) {
                let (source_path, name) = (source.to_owned(), name.canonical());
                return Err(EnvironmentError::Replaces { source_path, name });
            }
            name
        }
        name @ Named::Image(_) => name.given()?,
    };
    let version = match &name {
        Named::Recipe(recipe) => recipe.version.to_owned(),
        Named::Image(_) => format!("sha256:{}", file.manifest_digest),
    };
    space::require(cache.root(), description.bytes())?;
    let diff_ids = description.diff_ids();
    let (blobs, paths): (Vec<Blob>, Vec<PathBuf>) = file.parts.into_iter().unzip();
    let layers = blobs.iter().zip(&paths).zip(&diff_ids).map(|((blob, path), diff_id)| Layer {
        path: path.clone(),
        digest: blob.digest.clone(),
        diff_id: diff_id.clone(),
    });
    let layers: Vec<Layer> = layers.collect();
    let artifact = Artifact {
        from: format!("file:{}", source.display()),
        index_digest: None,
        manifest_digest: file.manifest_digest,
        config_digest: file.config_digest,
        layers: LayerRecord::of(&blobs, &diff_ids),
        description,
    };
    if !artifact.is_here(cache)? {
        artifact.install(cache, building, &layers, &name.canonical(), observer)?;
    }
    let record = artifact.record(name.canonical(), version);
    Ok((name, record))
}

/// The recipe, where this artifact is one of it and of its present version.
fn of_catalog(
    source: &Path,
    recipe: &'static Recipe,
    description: &Description,
) -> Result<&'static Recipe, EnvironmentError> {
    if description.name != recipe.name {
        return Err(EnvironmentError::OfTheCatalog { name: recipe.name });
    }
    if description.version != recipe.version {
        let version = description.version.clone();
        let (source_path, name) = (source.to_owned(), recipe.name.to_owned());
        return Err(EnvironmentError::OtherVersion { source_path, name, version });
    }
    Ok(recipe)
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
