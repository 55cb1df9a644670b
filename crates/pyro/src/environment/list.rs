//! Lists the environments of the catalog with what is installed of them.

use super::EnvironmentError;
use super::cache::Cache;
use super::catalog::{CATALOG_VERSION, RECIPES, Recipe};
use super::installed;
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
    /// Version of its recipe.
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
    Ok(Listing {
        catalog_version: CATALOG_VERSION.to_owned(),
        cache_dir: cache.root().to_owned(),
        environments: RECIPES
            .iter()
            .map(|recipe| entry(cache, recipe))
            .collect::<Result<_, EnvironmentError>>()?,
    })
}

/// The entry of one recipe.
pub(super) fn entry(cache: &Cache, recipe: &Recipe) -> Result<Entry, EnvironmentError> {
    let record = installed::image(cache, recipe.name)?;
    let problem = match cache.environment(recipe.name)? {
        Stored::Corrupt { path, reason } => {
            Some(format!("{} cannot be used: {reason}", path.display()))
        }
        Stored::Whole(record) if record.version != recipe.version => {
            Some(format!("the installed version {} is outdated", record.version))
        }
        Stored::Whole(_) if record.is_none() => Some("its image is missing or damaged".to_owned()),
        Stored::Whole(_) | Stored::Absent => None,
    };
    Ok(Entry {
        name: recipe.name.to_owned(),
        version: recipe.version.to_owned(),
        description: recipe.description.to_owned(),
        installed: record.is_some(),
        source: record.as_ref().map_or_else(|| "debian-archive".to_owned(), |r| r.origin.summary()),
        digest: record.as_ref().map(|r| r.image.digest.clone()),
        size_bytes: record.as_ref().map(|r| r.image.size_bytes),
        problem,
    })
}
