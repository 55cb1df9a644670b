//! An artifact becomes an image and a kernel of the cache. Each is compared with its digest
//! while it is unpacked, and has its name in the cache only then.

use super::super::building::Building;
use super::super::cache::{self, Cache};
use super::super::making;
use super::super::oci::{Layer, OciError, bad};
use super::super::record::{EnvironmentRecord, FORMAT, KernelRecord, LayerRecord, Origin};
use super::super::{EnvironmentError, erofs, kernel_source, now};
use super::{Description, kernel_archive};
use crate::error::AtPath;
use crate::event::{self, Event, Observer, Unit};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

const BLOCK: usize = 256 << 10;

/// An artifact that is to become an environment.
pub(in crate::environment) struct Artifact {
    pub(in crate::environment) description: Description,
    /// Where it comes from: `registry:` and a reference, or `file:` and a path.
    pub(in crate::environment) from: String,
    pub(in crate::environment) index_digest: Option<String>,
    pub(in crate::environment) manifest_digest: String,
    pub(in crate::environment) config_digest: String,
    /// Root image and kernel, for the record.
    pub(in crate::environment) layers: Vec<LayerRecord>,
}

impl Artifact {
    /// Whether the cache has its image and its kernel already, whoever brought them: both are there by content.
    pub(in crate::environment) fn is_here(&self, cache: &Cache) -> Result<bool, EnvironmentError> {
        let root = &self.description.root;
        let has_image =
            cache.image(&root.digest).metadata().is_ok_and(|m| m.len() == root.size_bytes);
        Ok(has_image && kernel_source::of_cache(cache, &self.kernel_id())?.is_some())
    }

    /// Brings the content of its two layers into the cache. People call the environment `name`.
    pub(in crate::environment) fn install(
        &self,
        cache: &Cache,
        building: &Building,
        layers: &[Layer],
        name: &str,
        observer: Observer<'_>,
    ) -> Result<(), EnvironmentError> {
        let failed = |source| EnvironmentError::Image { image: name.to_owned(), source };
        let [root, kernel] = layers else {
            return Err(failed(bad("manifest", "it has not two layers")));
        };
        let what = format!("unpacking {name}");
        event::step(observer, &what, || {
            let (image, aside) = (building.file("image.erofs"), building.file("kernel"));
            unpack_root(root, &self.description, &image, &what, observer).map_err(failed)?;
            kernel_archive::unpack(kernel, &self.description.kernel, &aside).map_err(failed)?;
            // only now, when both are what they are to be
            cache::publish_file(&image, &cache.image(&self.description.root.digest))?;
            let _turn = cache.lock("kernel", "preparing the kernel", observer)?;
            let id = self.kernel_id();
            if kernel_source::of_cache(cache, &id)?.is_some() {
                return Ok(());
            }
            kernel_source::publish(cache, building, &aside, &self.kernel_record(id))
        })
    }

    /// The record of the environment `name`, once it is installed.
    pub(in crate::environment) fn record(self, name: String, version: String) -> EnvironmentRecord {
        let kernel = self.kernel_id();
        let Description { root, settings, .. } = self.description;
        let origin = Origin::Artifact {
            from: self.from,
            index_digest: self.index_digest,
            manifest_digest: self.manifest_digest,
            config_digest: self.config_digest,
            layers: self.layers,
            name: self.description.name,
            version: self.description.version,
            origin: Box::new(self.description.origin),
        };
        EnvironmentRecord { kernel, ..making::record(name, version, root, origin, settings) }
    }

    /// The name that its kernel has in the cache: by content, so that nobody's takes the place of another's.
    fn kernel_id(&self) -> String {
        format!("artifact-{}", self.description.kernel.archive_digest)
    }

    fn kernel_record(&self, id: String) -> KernelRecord {
        let kernel = &self.description.kernel;
        KernelRecord {
            format: FORMAT,
            id,
            package: kernel.package.clone(),
            package_version: kernel.package_version.clone(),
            uri: kernel.uri.clone(),
            package_digest: kernel.package_digest.clone(),
            digest: kernel.vmlinux_digest.clone(),
            artifact: Some(self.from.clone()),
            created_at: now(),
        }
    }
}

fn unpack_root(
    layer: &Layer,
    description: &Description,
    image: &Path,
    what: &str,
    observer: Observer<'_>,
) -> Result<(), OciError> {
    let mut file = File::create_new(image).at("create", image)?;
    let mut unpacked = layer.open()?;
    let (mut block, mut done, size) = (vec![0; BLOCK], 0, description.root.size_bytes);
    loop {
        let read = match unpacked.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(|error| layer.failed(erofs::ErofsError::Read(error)))?,
        };
        done += read as u64;
        if done > size || (read == 0 && done < size) {
            return Err(bad(
                "root image",
                format!("it does not have the {size} bytes it is to have"),
            ));
        }
        if read == 0 {
            break;
        }
        file.write_all(&block[..read]).at("write", image)?;
        let what = what.to_owned();
        observer(Event::Advanced { what, done, total: Some(size), unit: Unit::Bytes });
    }
    unpacked.finish()
}
