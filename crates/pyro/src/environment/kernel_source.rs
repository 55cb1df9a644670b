//! Which kernel an environment boots, and how it gets into the cache: the user's own, or the
//! distribution's newest, one per version, shared by the environments; where the archive cannot be asked, the
//! host's own.

use super::building::Building;
use super::cache::{self, Cache};
use super::debian::kernel::{Archive, KernelPackage};
use super::record::{FORMAT, KernelRecord, Stored};
use super::{EnvironmentError, kernel, now};
use crate::config::Config;
use crate::digest;
use crate::durable;
use crate::event::{self, Event, Observer};
use kernel::{Kernel, host};
use std::fs;
use std::path::Path;

/// Where distributions install kernels: their boot images, and their modules.
const BOOT: &str = "/boot";
const MODULES: &str = "/lib/modules";

/// The kernel of the user's own, where the settings name one: modules lie beside it in `modules/`.
pub(super) fn of_user(config: &Config) -> Result<Option<Kernel>, EnvironmentError> {
    let Some(vmlinux) = &config.kernel else { return Ok(None) };
    let modules = vmlinux.parent().unwrap_or(Path::new("/")).join("modules");
    Ok(Some(Kernel::from_vmlinux(vmlinux, &modules)?))
}

/// The kernel `id` of the cache, where it is whole.
pub(super) fn of_cache(
    cache: &Cache,
    id: &str,
) -> Result<Option<(Kernel, KernelRecord)>, EnvironmentError> {
    let Stored::Whole(record) = cache.kernel_origin(id)? else { return Ok(None) };
    let directory = cache.kernel(id);
    if !directory.exists() {
        return Ok(None);
    }
    Ok(Some((Kernel::load(&directory)?, record)))
}

/// Makes sure that the newest kernel behind `sources` is in the cache, and says which it is.
/// Where the archive cannot be asked, the newest one that is here has to do, or the host's own, with a warning.
pub(super) fn prepare(
    config: &Config,
    cache: &Cache,
    sources: &[String],
    observer: Observer<'_>,
) -> Result<String, EnvironmentError> {
    let _turn = cache.lock("kernel", "preparing the kernel", observer)?;
    let building = Building::begin(cache, config)?;
    let error = match fetch(config, cache, &building, sources, observer) {
        Ok(id) => return Ok(id),
        Err(error) => error,
    };
    let (id, whose) = match newest_in_cache(config, cache)? {
        Some(id) => (id, "of the cache"),
        None => match host::newest(Path::new(BOOT), Path::new(MODULES)) {
            Some(kernel) => (take(cache, &building, &kernel)?, "of this host"),
            None => return Err(without_any(error)),
        },
    };
    let reason = crate::Error::from(error);
    observer(Event::Warning(format!("using the kernel {id} {whose}: {reason}")));
    Ok(id)
}

/// Whether there is a kernel already, or a way to one.
pub(super) fn check_host(config: &Config, cache: &Cache) -> Result<(), EnvironmentError> {
    let has_any = config.kernel.is_some()
        || config.find_program("apt-get").is_some()
        || newest_in_cache(config, cache)?.is_some()
        || host::newest(Path::new(BOOT), Path::new(MODULES)).is_some();
    if has_any { Ok(()) } else { Err(EnvironmentError::NoKernel) }
}

/// On a host without apt, the missing program is not the only remedy.
fn without_any(error: EnvironmentError) -> EnvironmentError {
    match error {
        EnvironmentError::MissingTools { .. } => EnvironmentError::NoKernel,
        error => error,
    }
}

/// Brings the host's own kernel into the cache.
fn take(
    cache: &Cache,
    building: &Building,
    kernel: &host::Installed,
) -> Result<String, EnvironmentError> {
    let image_digest = digest::of_file(&kernel.image)?;
    let id = format!("host-{}_{}", kernel.release, &image_digest[..12]);
    let aside = building.file("kernel");
    let copied = host::copy(kernel, &aside)?;
    let record = KernelRecord {
        format: FORMAT,
        id,
        package: "host".to_owned(),
        package_version: kernel.release.clone(),
        uri: format!("file://{}", kernel.image.display()),
        package_digest: image_digest,
        digest: digest::of_file(&copied.vmlinux)?,
        artifact: None,
        created_at: now(),
    };
    publish(cache, building, &aside, &record)?;
    Ok(record.id)
}

fn fetch(
    config: &Config,
    cache: &Cache,
    building: &Building,
    sources: &[String],
    observer: Observer<'_>,
) -> Result<String, EnvironmentError> {
    let mut archive = Archive::open(config, building, sources)?;
    let mut package = archive.newest_kernel()?;
    if of_cache(cache, &id_of(&package))?.is_some() {
        return Ok(id_of(&package));
    }
    event::step(observer, &format!("fetching the kernel {}", package.name), || {
        super::space::require(cache.root(), KERNEL_SPACE)?;
        let deb = archive.fetch(&mut package)?;
        keep(cache, building, &package, &deb)
    })
}

/// Bytes to have free: the package (71 MB in 2026) and what is kept of it (50 MB), and half as much
/// again.
const KERNEL_SPACE: u64 = 192 << 20;

/// Unpacks a package into the cache.
fn keep(
    cache: &Cache,
    building: &Building,
    package: &KernelPackage,
    deb: &Path,
) -> Result<String, EnvironmentError> {
    let aside = building.file("kernel");
    let kernel = kernel::unpack_deb(deb, &aside)?;
    let record = KernelRecord {
        format: FORMAT,
        id: id_of(package),
        package: package.name.clone(),
        package_version: package.version.clone(),
        uri: package.uri.clone(),
        package_digest: package.digest.clone(),
        digest: digest::of_file(&kernel.vmlinux)?,
        artifact: None,
        created_at: now(),
    };
    publish(cache, building, &aside, &record)?;
    Ok(record.id)
}

/// Moves a kernel that is complete in the directory `aside` into the cache, the record last.
pub(super) fn publish(
    cache: &Cache,
    building: &Building,
    aside: &Path,
    record: &KernelRecord,
) -> Result<(), EnvironmentError> {
    let place = cache.kernel(&record.id);
    if place.exists() {
        // Left by somebody who was killed before the record.
        fs::rename(&place, building.file("replaced")).map_err(|source| {
            crate::error::PathError { action: "replace", path: place.clone(), source }
        })?;
    }
    cache::publish_directory(aside, &place)?;
    durable::write_json(&cache.kernel_record(&record.id), record)?;
    Ok(())
}

/// `linux-image-6.1.0-56-amd64_6.1.192-2`; an epoch's colon becomes apt's `%3a` without the sign.
fn id_of(package: &KernelPackage) -> String {
    format!("{}_{}", package.name, package.version.replace(':', "-3a"))
}

/// The kernel that came into the cache last, for whatever environment has none of its own. A stranger's, which
/// came with an artifact, is not for others, unless the artifact is of the registry that the user has named.
pub(super) fn newest_in_cache(
    config: &Config,
    cache: &Cache,
) -> Result<Option<String>, EnvironmentError> {
    let is_for_all = |record: &KernelRecord| {
        record.artifact.as_ref().is_none_or(|from| config.registries.is_of_catalog(from))
    };
    let mut newest: Option<KernelRecord> = None;
    for entry in fs::read_dir(cache.kernels()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.strip_suffix(".json")) else { continue };
        if let Some((_, record)) = of_cache(cache, id)?
            && is_for_all(&record)
            && newest.as_ref().is_none_or(|n| n.created_at < record.created_at)
        {
            newest = Some(record);
        }
    }
    Ok(newest.map(|record| record.id))
}
