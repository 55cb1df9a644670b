//! The fast path: is this environment ready to boot? A record, a few `stat(2)`, no more.

use super::cache::Cache;
use super::kernel::Kernel;
use super::named::Named;
use super::record::{EnvironmentRecord, Origin};
use super::{EnvironmentError, catalog, early, kernel_source};
use crate::config::Config;
use std::path::PathBuf;

/// An environment that can be booted.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Version of the recipe it was made by, or `sha256:` and the digest of an image's manifest.
    pub version: String,
    /// One line about it.
    pub description: String,
    /// The root image, EROFS, read-only.
    pub image: PathBuf,
    /// SHA-256 of the root image.
    pub image_digest: String,
    /// Length of the root image in bytes.
    pub size_bytes: u64,
    /// The kernel.
    pub kernel: Kernel,
    /// The kernel's directory in the cache; `None` for a kernel of the user's own.
    pub kernel_id: Option<String>,
    /// SHA-256 of `vmlinux`; `None` for a kernel of the user's own.
    pub kernel_digest: Option<String>,
    /// The initramfs for this executable and kernel.
    pub initramfs: PathBuf,
    /// What the initramfs is called by in the cache.
    pub initramfs_key: String,
    /// Environment variables that the image asks for.
    pub env: Vec<(String, String)>,
    /// The directory that the image wants commands to start in.
    pub working_directory: Option<PathBuf>,
    /// The user that the image wants commands to run as.
    pub user: Option<String>,
}

/// The kernel that an environment boots on this host.
pub(super) struct Boots {
    pub(super) kernel: Kernel,
    pub(super) id: Option<String>,
    pub(super) digest: Option<String>,
}

/// See [`super::Environments::installed`].
pub(super) fn installed(
    config: &Config,
    cache: &Cache,
    name: &Named,
) -> Result<Option<Installed>, EnvironmentError> {
    let Some(record) = image(cache, name)? else { return Ok(None) };
    let Some(boots) = kernel(config, cache, &record.kernel)? else { return Ok(None) };
    let Some(early) = early::ready(config, cache, &boots.kernel)? else { return Ok(None) };
    Ok(Some(assemble(cache, record, boots, early)))
}

/// The record of `name`, where its image is there and, in the catalog, the recipe has not changed since.
pub(super) fn image(
    cache: &Cache,
    name: &Named,
) -> Result<Option<EnvironmentRecord>, EnvironmentError> {
    let Some(record) = cache.environment(&name.key())?.whole() else { return Ok(None) };
    let is_current = match name {
        Named::Recipe(recipe) => record.version == recipe.version,
        Named::Image(_) => true,
    };
    let is_it = is_current && record.name == name.canonical() && has_image(cache, &record);
    Ok(is_it.then_some(record))
}

/// Whether the image of a record is there.
pub(super) fn has_image(cache: &Cache, record: &EnvironmentRecord) -> bool {
    let file = cache.image(&record.image.digest);
    std::fs::metadata(file).is_ok_and(|m| m.len() == record.image.size_bytes)
}

/// The kernel to boot: the user's own, or the one called `id`, where it is there.
pub(super) fn kernel(
    config: &Config,
    cache: &Cache,
    id: &str,
) -> Result<Option<Boots>, EnvironmentError> {
    if let Some(kernel) = kernel_source::of_user(config)? {
        return Ok(Some(Boots { kernel, id: None, digest: None }));
    }
    Ok(kernel_source::of_cache(cache, id)?.map(|(kernel, record)| Boots {
        kernel,
        id: Some(record.id),
        digest: Some(record.digest),
    }))
}

/// Puts the parts together.
pub(super) fn assemble(
    cache: &Cache,
    record: EnvironmentRecord,
    boots: Boots,
    early: early::Early,
) -> Installed {
    Installed {
        image: cache.image(&record.image.digest),
        description: description(&record.name, Some(&record)),
        name: record.name,
        version: record.version,
        image_digest: record.image.digest,
        size_bytes: record.image.size_bytes,
        kernel: boots.kernel,
        kernel_id: boots.id,
        kernel_digest: boots.digest,
        initramfs: early.path,
        initramfs_key: early.key,
        env: record.settings.env,
        working_directory: record.settings.working_directory,
        user: record.settings.user,
    }
}

/// One line about the environment with this name in full, and this record where it is here.
pub(super) fn description(name: &str, record: Option<&EnvironmentRecord>) -> String {
    match (catalog::find(name), record.map(|record| &record.origin)) {
        (Some(recipe), _) => recipe.description.to_owned(),
        (None, Some(Origin::Recipe { base, .. })) => format!("Built on {}", base.name),
        (None, Some(Origin::Artifact { .. })) => "Environment of another machine".to_owned(),
        (None, _) => "Container image".to_owned(),
    }
}
