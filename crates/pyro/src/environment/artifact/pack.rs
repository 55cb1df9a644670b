//! An installed environment becomes an artifact, in files of a build directory.

use super::super::building::Building;
use super::super::cache::Cache;
use super::super::kernel::Kernel;
use super::super::oci::{
    Blob, ENVIRONMENT, ENVIRONMENT_CONFIG, ENVIRONMENT_KERNEL, ENVIRONMENT_ROOT, Offer, Part, check,
};
use super::super::record::EnvironmentRecord;
use super::super::{EnvironmentError, kernel_source, space};
use super::compress::Packing;
use super::{Description, kernel_archive};
use crate::digest;
use crate::error::{AtPath, PathError};
use crate::event::{self, Event, Observer, Unit};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

/// What a manifest of OCI's calls itself.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BLOCK: usize = 256 << 10;

/// Packs the environment of a record, with the kernel that the record names.
pub(in crate::environment) fn pack(
    cache: &Cache,
    building: &Building,
    record: &EnvironmentRecord,
    observer: Observer<'_>,
) -> Result<Offer, EnvironmentError> {
    let Some((kernel, kernel_record)) = kernel_source::of_cache(cache, &record.kernel)? else {
        return Err(EnvironmentError::KernelNotHere { name: record.name.clone() });
    };
    // packed, neither is longer than before
    space::require(cache.root(), record.image.size_bytes)?;
    let failed = |source| EnvironmentError::Unpackable { name: record.name.clone(), source };
    let what = format!("packing {}", record.name);
    event::step(observer, &what, || {
        let root = pack_root(cache, building, record, &what, observer)?;
        let vmlinux = digest::of_file(&kernel.vmlinux)?;
        check("the kernel", &kernel_record.digest, &vmlinux).map_err(failed)?;
        let (archive, kernel_part) = pack_kernel(building, &kernel)?;
        let description = Description::of(record, &kernel, &kernel_record, archive);
        let text = description.text().map_err(failed)?;
        Ok(assemble(building, &text, root, kernel_part)?)
    })
}

/// The image, which must still be what its record says.
fn pack_root(
    cache: &Cache,
    building: &Building,
    record: &EnvironmentRecord,
    what: &str,
    observer: Observer<'_>,
) -> Result<Part, EnvironmentError> {
    let path = cache.image(&record.image.digest);
    let mut image = File::open(&path).at("open", &path)?;
    let mut packing = Packing::into_file(building.file("root.erofs.zst"))?;
    let (mut block, mut done, total) = (vec![0; BLOCK], 0, Some(record.image.size_bytes));
    loop {
        let read = image.read(&mut block).at("read", &path)?;
        if read == 0 {
            break;
        }
        packing.write_all(&block[..read]).at("pack", &path)?;
        done += read as u64;
        observer(Event::Advanced { what: what.to_owned(), done, total, unit: Unit::Bytes });
    }
    let ((digest, _), part) = packing.finish(ENVIRONMENT_ROOT)?;
    let failed = |source| EnvironmentError::Unpackable { name: record.name.clone(), source };
    check("the root image", &record.image.digest, &digest).map_err(failed)?;
    Ok(part)
}

fn pack_kernel(
    building: &Building,
    kernel: &Kernel,
) -> Result<((String, u64), Part), EnvironmentError> {
    let mut packing = Packing::into_file(building.file("kernel.tar.zst"))?;
    kernel_archive::write(kernel, &mut packing)?;
    Ok(packing.finish(ENVIRONMENT_KERNEL)?)
}

/// Writes the configuration, and the manifest over everything.
fn assemble(
    building: &Building,
    description: &[u8],
    root: Part,
    kernel: Part,
) -> Result<Offer, PathError> {
    let config = write(&building.file("config.json"), description)?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": ENVIRONMENT,
        "config": descriptor(&config.blob),
        "layers": [descriptor(&root.blob), descriptor(&kernel.blob)],
    });
    let manifest = manifest.to_string().into_bytes();
    Ok(Offer { manifest, parts: vec![config, root, kernel] })
}

fn write(path: &Path, text: &[u8]) -> Result<Part, PathError> {
    fs::write(path, text).at("write", path)?;
    let (digest, size) = (digest::of_bytes(text), text.len() as u64);
    let blob = Blob { digest, size, media_type: ENVIRONMENT_CONFIG.to_owned() };
    Ok(Part { blob, path: path.to_owned() })
}

/// As a manifest mentions it.
fn descriptor(blob: &Blob) -> Value {
    json!({
        "mediaType": blob.media_type, "digest": format!("sha256:{}", blob.digest), "size": blob.size,
    })
}
