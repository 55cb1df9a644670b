//! Tells everything that is known about one environment.

use super::cache::Cache;
use super::list::{self, Entry};
use super::named::Named;
use super::record::{KernelRecord, Origin, Settings};
use super::{EnvironmentError, installed};
use crate::config::Config;
use serde::Serialize;
use std::path::PathBuf;

/// One environment in full.
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// What lists show of it.
    #[serde(flatten)]
    pub entry: Entry,
    /// Debian packages that its recipe asks for.
    pub packages: Vec<String>,
    /// The image file, where it is installed.
    pub image: Option<PathBuf>,
    /// What commands start with where nothing else is said.
    pub settings: Option<Settings>,
    /// Where every byte of the image came from.
    pub origin: Option<Origin>,
    /// Sources that were asked before and did not have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<String>,
    /// Where the kernel came from.
    pub kernel: Option<KernelRecord>,
    /// When the image was made, Unix seconds.
    pub created_at: Option<u64>,
}

/// See [`super::Environments::inspect`].
pub(super) fn inspect(
    config: &Config,
    cache: &Cache,
    name: &Named,
) -> Result<Inspection, EnvironmentError> {
    let entry = list::entry(config, cache, name)?;
    let record = installed::image(cache, name)?;
    let kernel = match &record {
        Some(record) => cache.kernel_origin(&record.kernel)?.whole(),
        None => None,
    };
    let packages = match name {
        Named::Recipe(recipe) => recipe.packages,
        Named::Image(_) => &[],
    };
    Ok(Inspection {
        entry,
        packages: packages.iter().map(|package| (*package).to_owned()).collect(),
        settings: record.as_ref().map(|record| record.settings.clone()),
        image: record.as_ref().map(|record| cache.image(&record.image.digest)),
        passed_over: record.as_ref().map(|r| r.passed_over.clone()).unwrap_or_default(),
        created_at: record.as_ref().map(|record| record.created_at),
        origin: record.map(|record| record.origin),
        kernel,
    })
}
