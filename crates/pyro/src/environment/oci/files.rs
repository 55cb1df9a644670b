//! Images in files: an OCI layout (image-spec 1.1, `image-layout.md`) as a directory or an archive, and what
//! `docker save` writes. The same documents as in a registry, judged the same way.

use super::OciError;
use super::document::{
    self, Blob, Document, ImageConfig, MAX_CONFIG, MAX_MANIFEST, Manifest, SavedImage,
};
use super::layer::{GROWTH, Layer};
use super::registry::check;
use crate::archive::{Compression, Members};
use crate::digest;
use crate::environment::erofs::{ErofsError, Limits};
use crate::environment::record::LayerRecord;
use crate::error::AtPath;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tar::EntryType;

const BUFFER: usize = 256 << 10;
/// The documents at the top of a layout and of a saved image.
const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const SAVED: &str = "manifest.json";
/// What a layer of a saved image is.
const SAVED_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";
/// How many indexes may lead to each other.
const MAX_INDEXES: usize = 3;

/// An image that is here in files.
#[derive(Debug)]
pub(in crate::environment) struct FileImage {
    /// SHA-256 of its manifest; a saved image has none.
    pub(in crate::environment) manifest_digest: Option<String>,
    /// SHA-256 of its configuration.
    pub(in crate::environment) config_digest: String,
    pub(in crate::environment) settings: ImageConfig,
    /// Bottom first.
    pub(in crate::environment) layers: Vec<Layer>,
    /// The same for the record.
    pub(in crate::environment) records: Vec<LayerRecord>,
    /// What it was called where it was saved.
    pub(in crate::environment) name: Option<String>,
}

/// An environment of pyro's own that is here in files.
#[derive(Debug)]
pub(in crate::environment) struct FileEnvironment {
    /// SHA-256 of its manifest, where an index leads to it.
    pub(in crate::environment) manifest_digest: String,
    /// SHA-256 of its configuration.
    pub(in crate::environment) config_digest: String,
    /// Its configuration, not read yet.
    pub(in crate::environment) config: Vec<u8>,
    /// Root image and kernel, and the file of each.
    pub(in crate::environment) parts: Vec<(Blob, PathBuf)>,
}

/// What files hold.
#[derive(Debug)]
pub(in crate::environment) enum FileContent {
    Image(FileImage),
    Environment(FileEnvironment),
}

/// Files by their path in a layout or an archive.
#[derive(Debug)]
pub(in crate::environment) enum Files {
    /// Below a directory.
    Directory(PathBuf),
    /// Unpacked from an archive, each under a name of ours.
    Archive {
        files: BTreeMap<Vec<u8>, PathBuf>,
        /// Saved images name a repeated layer by a link.
        links: BTreeMap<Vec<u8>, Vec<u8>>,
    },
}

impl Files {
    /// The files of an archive, unpacked into `directory`; `None` where it is no image but a root file
    /// system: the first name at its top that no image has decides.
    pub(in crate::environment) fn unpack(
        archive: &Path,
        directory: &Path,
    ) -> Result<Option<Self>, OciError> {
        let limits = Limits::default();
        let mut members = Members::new(open(archive)?, limits.max_extension);
        let (mut files, mut links) = (BTreeMap::new(), BTreeMap::new());
        while let Some(member) = members.next_member().map_err(ErofsError::from)? {
            let path = member.path.strip_prefix(b"./").unwrap_or(&member.path).to_vec();
            if !is_of_an_image(&path) {
                return Ok(None);
            }
            if files.len() + links.len() > MAX_FILES {
                return Err(bad(format!("it has more than {MAX_FILES} files")));
            }
            match member.kind {
                EntryType::Regular | EntryType::Continuous => {
                    let place = directory.join(files.len().to_string());
                    let mut file = File::create_new(&place).at("create", &place)?;
                    io::copy(&mut members.contents(), &mut file).at("write", &place)?;
                    files.insert(path, place);
                }
                EntryType::Symlink | EntryType::Link => {
                    let target = match member.kind {
                        EntryType::Symlink => beside(&path, &member.link),
                        _ => member.link,
                    };
                    links.insert(path, target);
                }
                _ => {}
            }
        }
        Ok(Some(Self::Archive { files, links }))
    }

    /// Reads what they hold.
    pub(in crate::environment) fn content(&self) -> Result<FileContent, OciError> {
        let saved = match self.find(SAVED) {
            Some(_) => Some(SavedImage::parse(&self.read(SAVED, MAX_MANIFEST)?)?),
            None => None,
        };
        if self.find(LAYOUT).is_some() {
            let name = saved.and_then(|saved| saved.name);
            return self.layout(name);
        }
        match saved {
            Some(saved) => self.saved_image(saved).map(FileContent::Image),
            None => Err(bad(format!("it has neither {LAYOUT} nor {SAVED}"))),
        }
    }

    fn layout(&self, name: Option<String>) -> Result<FileContent, OciError> {
        let index = self.read(INDEX, MAX_MANIFEST)?;
        let (mut document, mut led_by) = (Document::parse(&index)?, None);
        for _ in 0..MAX_INDEXES {
            let Document::Index(blob) = &document else { break };
            let bytes = self.read_blob("the manifest", blob, MAX_MANIFEST)?;
            led_by = Some(blob.digest.clone());
            document = Document::parse(&bytes)?;
        }
        match document {
            Document::Manifest(manifest) => {
                let mut image = self.image(manifest)?;
                (image.manifest_digest, image.name) = (led_by, name);
                Ok(FileContent::Image(image))
            }
            Document::Environment(manifest) => {
                let manifest_digest = led_by.unwrap_or_else(|| digest::of_bytes(&index));
                self.environment(manifest, manifest_digest).map(FileContent::Environment)
            }
            Document::Index(_) => Err(bad("one index leads to another, and so on")),
        }
    }

    fn image(&self, manifest: Manifest) -> Result<FileImage, OciError> {
        let config = self.read_blob("the configuration", &manifest.config, MAX_CONFIG)?;
        let settings = ImageConfig::parse(&config, manifest.layers.len())?;
        let paths = self.layers(&manifest)?;
        let path = |blob: &Blob| paths[&blob.digest].clone();
        let layers = Layer::of(&manifest.layers, &settings.diff_ids, path);
        let records = LayerRecord::of(&manifest.layers, &settings.diff_ids);
        let config_digest = manifest.config.digest;
        let manifest_digest = None;
        Ok(FileImage { manifest_digest, config_digest, settings, layers, records, name: None })
    }

    fn environment(
        &self,
        manifest: Manifest,
        manifest_digest: String,
    ) -> Result<FileEnvironment, OciError> {
        let config = self.read_blob("the configuration", &manifest.config, MAX_CONFIG)?;
        let paths = self.layers(&manifest)?;
        let part = |blob: Blob| {
            let path = paths[&blob.digest].clone();
            (blob, path)
        };
        let parts = manifest.layers.into_iter().map(part).collect();
        let config_digest = manifest.config.digest;
        Ok(FileEnvironment { manifest_digest, config_digest, config, parts })
    }

    /// The file of each layer by its digest, which is compared.
    fn layers(&self, manifest: &Manifest) -> Result<BTreeMap<String, PathBuf>, OciError> {
        let mut paths = BTreeMap::new();
        for blob in &manifest.layers {
            let path = self.blob(blob)?;
            let what = format!("the layer sha256:{}", blob.digest);
            check(&what, &blob.digest, &digest::of_file(&path)?)?;
            paths.insert(blob.digest.clone(), path);
        }
        Ok(paths)
    }

    fn saved_image(&self, saved: SavedImage) -> Result<FileImage, OciError> {
        let config = self.read(&saved.config, MAX_CONFIG)?;
        let settings = ImageConfig::parse(&config, saved.layers.len())?;
        let (mut layers, mut blobs) = (Vec::new(), Vec::new());
        for (name, diff_id) in saved.layers.iter().zip(&settings.diff_ids) {
            let path = self.find(name).ok_or_else(|| missing(name))?;
            let digest = digest::of_file(&path)?;
            let size = path.metadata().at("look at", &path)?.len();
            blobs.push(Blob { digest: digest.clone(), size, media_type: SAVED_LAYER.to_owned() });
            layers.push(Layer { path, digest, diff_id: diff_id.clone() });
        }
        let records = LayerRecord::of(&blobs, &settings.diff_ids);
        let config_digest = digest::of_bytes(&config);
        let (manifest_digest, name) = (None, saved.name);
        Ok(FileImage { manifest_digest, config_digest, settings, layers, records, name })
    }

    /// A document that is named by its digest, which is compared.
    fn read_blob(&self, what: &str, blob: &Blob, max: u64) -> Result<Vec<u8>, OciError> {
        let bytes = self.read(&blob_name(blob), max)?;
        check(what, &blob.digest, &digest::of_bytes(&bytes))?;
        Ok(bytes)
    }

    fn blob(&self, blob: &Blob) -> Result<PathBuf, OciError> {
        let name = blob_name(blob);
        self.find(&name).ok_or_else(|| missing(&name))
    }

    fn read(&self, name: &str, max: u64) -> Result<Vec<u8>, OciError> {
        let path = self.find(name).ok_or_else(|| missing(name))?;
        let mut bytes = Vec::new();
        let file = File::open(&path).at("open", &path)?;
        file.take(max + 1).read_to_end(&mut bytes).at("read", &path)?;
        if bytes.len() as u64 > max {
            return Err(bad(format!("{name} has more than {} MiB", max >> 20)));
        }
        Ok(bytes)
    }

    /// The file called so. Names come from documents: below a directory only those that stay there count,
    /// and no link is followed.
    fn find(&self, name: &str) -> Option<PathBuf> {
        match self {
            Self::Directory(directory) => {
                let stays = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
                let path = stays.then(|| directory.join(name))?;
                fs::symlink_metadata(&path).is_ok_and(|m| m.is_file()).then_some(path)
            }
            Self::Archive { files, links } => {
                let name = name.as_bytes();
                let name = links.get(name).map_or(name, |target| target);
                files.get(name).cloned()
            }
        }
    }
}

/// More than 512 layers in the oldest form of saved images, which has three files for each.
const MAX_FILES: usize = 4096;

/// Begins to read an archive, however it is compressed.
pub(in crate::environment) fn open(archive: &Path) -> Result<impl Read, OciError> {
    let mut file = File::open(archive).at("open", archive)?;
    let mut beginning = Vec::new();
    file.by_ref().take(4).read_to_end(&mut beginning).at("read", archive)?;
    file.seek(SeekFrom::Start(0)).at("read", archive)?;
    let tar = Compression::by_magic(&beginning).decompressed(file, GROWTH);
    Ok(BufReader::with_capacity(BUFFER, tar))
}

/// Whether an image in an archive has such a path.
fn is_of_an_image(path: &[u8]) -> bool {
    let first = path.split(|byte| *byte == b'/').next().unwrap_or_default();
    let stem =
        first.strip_suffix(b".json").or_else(|| first.strip_suffix(b".tar")).unwrap_or(first);
    let known: [&[u8]; 6] =
        [b"", b"blobs", LAYOUT.as_bytes(), INDEX.as_bytes(), SAVED.as_bytes(), b"repositories"];
    known.contains(&first) || std::str::from_utf8(stem).is_ok_and(digest::is_digest)
}

/// What a relative link leads to, as text.
fn beside(path: &[u8], target: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    parts.pop();
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join(&b'/')
}

fn blob_name(blob: &Blob) -> String {
    format!("blobs/sha256/{}", blob.digest)
}

fn missing(name: &str) -> OciError {
    let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
    bad(format!("it has no {name}"))
}

fn bad(what: impl Into<String>) -> OciError {
    document::bad("archive", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_root_file_systems_are_told_apart_by_their_names() {
        let id = "0a".repeat(32);
        let layer = format!("{id}/layer.tar");
        for path in ["blobs/sha256/x", "oci-layout", "manifest.json", &layer, &format!("{id}.json")]
        {
            assert!(is_of_an_image(path.as_bytes()), "{path}");
        }
        for path in ["bin/", "etc/passwd", "manifest.json.bak", "index", "0a/layer.tar"] {
            assert!(!is_of_an_image(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn links_are_followed_as_text_and_never_out() {
        assert_eq!(beside(b"a/layer.tar", b"../b/layer.tar"), b"b/layer.tar");
        assert_eq!(beside(b"a", b"../../../etc/passwd"), b"etc/passwd");
    }
}
