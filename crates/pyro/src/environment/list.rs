//! Lists the environments of the catalog with what is installed of them, and the images that were pulled.

use super::EnvironmentError;
use super::cache::Cache;
use super::catalog::{CATALOG_VERSION, RECIPES};
use super::installed;
use super::named::Named;
use super::record::Stored;
use serde::Serialize;
use std::path::PathBuf;

/// Every environment.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    /// Version of the catalog.
    pub catalog_version: String,
    /// Where installed environments are kept.
    pub cache_dir: PathBuf,
    /// One entry per environment.
    pub environments: Vec<Entry>,
}

/// One environment in a list.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Version of its recipe, or `sha256:` and the digest of an image's manifest.
    pub version: String,
    /// One line about it.
    pub description: String,
    /// Whether its image is here.
    pub installed: bool,
    /// Where it came from or, before that, would come from.
    pub source: String,
    /// SHA-256 of the image.
    pub digest: Option<String>,
    /// Length of the image in bytes.
    pub size_bytes: Option<u64>,
    /// Why a record that is there does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// See [`super::Environments::list`].
pub(super) fn list(cache: &Cache) -> Result<Listing, EnvironmentError> {
    let mut names: Vec<_> = RECIPES.iter().map(Named::Recipe).collect();
    let recorded = cache.all_environments()?;
    let recorded = recorded.iter().filter_map(|record| Named::of_record(&record.name));
    names.extend(recorded.filter(|name| matches!(name, Named::Image(_))));
    let entries = names.iter().map(|name| entry(cache, name));
    Ok(Listing {
        catalog_version: CATALOG_VERSION.to_owned(),
        cache_dir: cache.root().to_owned(),
        environments: entries.collect::<Result<_, EnvironmentError>>()?,
    })
}

/// The entry of one environment.
pub(super) fn entry(cache: &Cache, name: &Named) -> Result<Entry, EnvironmentError> {
    let installed = installed::image(cache, name)?;
    let (record, problem) = match cache.environment(&name.key())? {
        Stored::Absent => (None, None),
        Stored::Corrupt { path, reason } => {
            (None, Some(format!("{} cannot be used: {reason}", path.display())))
        }
        Stored::Whole(record) if installed.is_some() => (Some(record), None),
        Stored::Whole(record) => {
            let problem = match name {
                Named::Recipe(recipe) if record.version != recipe.version => {
                    format!("the installed version {} is outdated", record.version)
                }
                _ => "its image is missing or damaged".to_owned(),
            };
            (Some(record), Some(problem))
        }
    };
    let recorded_version = record.map(|record| record.version);
    let (version, source) = match name {
        Named::Recipe(recipe) => (recipe.version.to_owned(), "debian-archive".to_owned()),
        Named::Image(reference) => {
            (recorded_version.unwrap_or_default(), format!("registry:{reference}"))
        }
    };
    Ok(Entry {
        name: name.canonical(),
        version,
        description: installed::description(
            &name.canonical(),
            installed.as_ref().map(|record| &record.origin),
        ),
        installed: installed.is_some(),
        source: installed.as_ref().map_or(source, |record| record.origin.summary()),
        digest: installed.as_ref().map(|record| record.image.digest.clone()),
        size_bytes: installed.map(|record| record.image.size_bytes),
        problem,
    })
}
