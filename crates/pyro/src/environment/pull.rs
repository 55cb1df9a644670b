//! Makes an environment ready to boot.

use super::building::{self, Building};
use super::cache::{self, Cache};
use super::catalog::Recipe;
use super::installed::{self, Boots, Installed};
use super::named::Named;
use super::oci::{self, Reference};
use super::record::{EnvironmentRecord, FORMAT, ImageRecord, Origin, Settings, Stored};
use super::{EnvironmentError, debian, early, erofs, kernel_source, now, prune, space};
use crate::config::Config;
use crate::digest;
use crate::durable;
use crate::error::{AtPath, PathError};
use crate::event::{self, Event, Observer, Unit};
use std::fs::{self, File};
use std::path::Path;

/// Whether what is here will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It will.
    AsItIs,
    /// Only where its source has nothing newer.
    Newest,
}

/// See [`super::Environments::pull`] and [`super::Environments::update`].
pub(super) fn pull(
    config: &Config,
    cache: &Cache,
    name: &Named,
    freshness: Freshness,
    observer: Observer<'_>,
) -> Result<Installed, EnvironmentError> {
    let may_move = match name {
        Named::Recipe(_) => false,
        Named::Image(reference) => !reference.is_fixed(),
    };
    let asks = may_move && freshness == Freshness::Newest;
    if !asks && let Some(installed) = installed::installed(config, cache, name)? {
        return Ok(installed);
    }
    cache.create()?;
    let _turn = cache.lock(&name.key(), &format!("preparing {}", name.canonical()), observer)?;
    let _kept = prune::hold(cache, observer)?;
    warn_of_a_corrupt_record(cache, name, observer)?;
    let record = match (installed::image(cache, name)?, name) {
        (Some(record), _) if !asks => record,
        (_, Named::Recipe(recipe)) => build_image(config, cache, recipe, observer)?,
        (_, Named::Image(reference)) => pull_image(config, cache, reference, observer)?,
    };
    let (record, boots) = find_kernel(config, cache, record, observer)?;
    let early = early::prepare(config, cache, &boots.kernel, observer)?;
    Ok(installed::assemble(cache, record, boots, early))
}

fn warn_of_a_corrupt_record(
    cache: &Cache,
    name: &Named,
    observer: Observer<'_>,
) -> Result<(), EnvironmentError> {
    if let Stored::Corrupt { path, reason } = cache.environment(&name.key())? {
        let path = path.display();
        observer(Event::Warning(format!("{path} cannot be used and is made anew: {reason}")));
    }
    Ok(())
}

/// Builds the image and moves it into the cache. The record names no kernel yet.
fn build_image(
    config: &Config,
    cache: &Cache,
    recipe: &Recipe,
    observer: Observer<'_>,
) -> Result<EnvironmentRecord, EnvironmentError> {
    space::require(cache.root(), recipe.space_bytes)?;
    space::require(building::scratch_root(), recipe.space_bytes)?;
    event::step(observer, &format!("building {}", recipe.name), || {
        let building = Building::begin(cache, config)?;
        let built = debian::build(config, recipe, &building, observer)?;
        let image = keep(cache, &built.image, built.entries, Some(built.tar_digest))?;
        let (name, version) = (recipe.name.to_owned(), recipe.version.to_owned());
        let record = record(name, version, image, built.origin, Settings::default());
        durable::write_json(&cache.environment_record(recipe.name), &record)?;
        Ok(record)
    })
}

/// Moves a finished image into the cache.
fn keep(
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

fn record(
    name: String,
    version: String,
    image: ImageRecord,
    origin: Origin,
    settings: Settings,
) -> EnvironmentRecord {
    let (format, kernel, created_at) = (FORMAT, UNDECIDED.to_owned(), now());
    EnvironmentRecord { format, name, version, image, kernel, origin, settings, created_at }
}

/// Asks the registry, and pulls the image unless it is here already, perhaps under another name.
fn pull_image(
    config: &Config,
    cache: &Cache,
    reference: &Reference,
    observer: Observer<'_>,
) -> Result<EnvironmentRecord, EnvironmentError> {
    let failed = |source| EnvironmentError::Image { image: reference.to_string(), source };
    let found = oci::find(config, reference, observer).map_err(failed)?;
    let doing = format!("fetching {reference}");
    let _turn = cache.lock(&format!("pull-{}", found.manifest_digest), &doing, observer)?;
    let known = cache.all_environments()?.into_iter().find(|record| {
        is_of_manifest(record, &found.manifest_digest) && installed::has_image(cache, record)
    });
    let (image, kernel) = match known {
        Some(record) => (record.image, record.kernel),
        None => {
            let arrivals = cache.pull(&found.manifest_digest);
            let image = receive_image(config, cache, reference, &found, &arrivals, observer);
            let good = matches!(&image, Err(EnvironmentError::Image { source, .. }) if source.leaves_good_bytes());
            if !good {
                // whole, or wrong: of no more use either way, and the first error counts
                let _ = fs::remove_dir_all(&arrivals);
            }
            (image?, UNDECIDED.to_owned())
        }
    };
    let config = found.settings();
    let settings = Settings {
        env: config.env.clone(),
        working_directory: config.working_directory.clone(),
        user: config.user.clone(),
    };
    let origin = Origin::Image {
        reference: reference.to_string(),
        index_digest: found.index_digest.clone(),
        manifest_digest: found.manifest_digest.clone(),
        config_digest: found.config_digest().to_owned(),
        layers: found.layer_records(),
    };
    let version = format!("sha256:{}", found.manifest_digest);
    let name = reference.to_string();
    let record = EnvironmentRecord { kernel, ..record(name, version, image, origin, settings) };
    let key = Named::Image(reference.clone()).key();
    durable::write_json(&cache.environment_record(&key), &record)?;
    Ok(record)
}

fn is_of_manifest(record: &EnvironmentRecord, digest: &str) -> bool {
    matches!(&record.origin, Origin::Image { manifest_digest, .. } if manifest_digest == digest)
}

/// How many times the length of what is sent has to be free: for itself, and for what it unpacks to,
/// which is seldom more than three times as much.
const SPACE_FACTOR: u64 = 4;

/// Fetches the layers and writes the image.
fn receive_image(
    config: &Config,
    cache: &Cache,
    reference: &Reference,
    found: &oci::Found<'_>,
    arrivals: &Path,
    observer: Observer<'_>,
) -> Result<ImageRecord, EnvironmentError> {
    let failed = |source| EnvironmentError::Image { image: reference.to_string(), source };
    space::require(cache.root(), found.bytes().saturating_mul(SPACE_FACTOR))?;
    fs::create_dir_all(arrivals).at("create", arrivals)?;
    let layers = found.fetch(arrivals, &reference.to_string(), observer).map_err(failed)?;
    let what = format!("writing the image of {reference}");
    event::step(observer, &what, || {
        let building = Building::begin(cache, config)?;
        let path = building.file("image.erofs");
        let file = File::options().read(true).write(true).create_new(true).open(&path);
        let file = file.at("create", &path)?;
        let total = Some(layers.len() as u64);
        let mut progress = |done| {
            observer(Event::Advanced { what: what.clone(), done, total, unit: Unit::Items });
        };
        let directory = found.settings().working_directory.as_deref();
        let limits = erofs::Limits::default();
        let written = oci::flatten(&layers, directory, &file, &limits, &mut progress);
        let summary = written.map_err(failed)?;
        Ok(keep(cache, &path, summary.entries, None)?)
    })
}

/// Stands for the kernel in the record of a pull that was interrupted between image and kernel, or
/// that found a kernel of the user's own.
const UNDECIDED: &str = "undecided";

/// Finds the kernel that the record names, or gets the newest one and names it there.
fn find_kernel(
    config: &Config,
    cache: &Cache,
    mut record: EnvironmentRecord,
    observer: Observer<'_>,
) -> Result<(EnvironmentRecord, Boots), EnvironmentError> {
    if let Some(boots) = installed::kernel(config, cache, &record.kernel)? {
        return Ok((record, boots));
    }
    record.kernel = match &record.origin {
        Origin::DebianArchive { sources, .. } => {
            kernel_source::prepare(config, cache, sources, observer)?
        }
        // any kernel runs a container's image; one that is here needs no archive
        Origin::Image { .. } => match kernel_source::newest_in_cache(cache)? {
            Some(kernel) => kernel,
            None => kernel_source::prepare(config, cache, &debian::sources(config)?, observer)?,
        },
    };
    let key = Named::parse(&record.name)?.key();
    durable::write_json(&cache.environment_record(&key), &record)?;
    match installed::kernel(config, cache, &record.kernel)? {
        Some(boots) => Ok((record, boots)),
        None => Err(EnvironmentError::BadAnswer {
            program: "the cache",
            reason: format!("the kernel {} has just vanished", record.kernel),
        }),
    }
}
