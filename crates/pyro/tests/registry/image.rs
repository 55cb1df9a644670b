//! Images made by the test: layers as tar archives, and the documents that hold them together.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// `sha256:` and the digest of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// How a layer is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// A layer: what the registry has, and what is in it.
#[derive(Debug, Clone)]
pub struct Layer {
    pub blob: Vec<u8>,
    pub diff_id: String,
    pub packing: Packing,
}

impl Layer {
    /// A layer of some entries.
    pub fn new(packing: Packing, fill: impl FnOnce(&mut Entries)) -> Self {
        let mut entries = Entries(tar::Builder::new(Vec::new()));
        fill(&mut entries);
        Self::of_tar(packing, &entries.0.into_inner().unwrap())
    }

    /// A layer of whatever bytes.
    pub fn of_tar(packing: Packing, tar: &[u8]) -> Self {
        let blob = match packing {
            Packing::Plain => tar.to_vec(),
            Packing::Gzip => {
                let level = flate2::Compression::fast();
                let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
                gzip.write_all(tar).unwrap();
                gzip.finish().unwrap()
            }
            Packing::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                ruzstd::encoding::compress_to_vec(tar, level)
            }
        };
        Self { blob, diff_id: digest(tar), packing }
    }

    fn media_type(&self) -> &'static str {
        match self.packing {
            Packing::Plain => "application/vnd.oci.image.layer.v1.tar",
            Packing::Gzip => "application/vnd.docker.image.rootfs.diff.tar.gzip",
            Packing::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }

    /// As a manifest mentions it.
    pub fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.media_type(), "digest": digest(&self.blob), "size": self.blob.len()
        })
    }
}

/// The entries of a layer, one after another.
pub struct Entries(tar::Builder<Vec<u8>>);

impl Entries {
    pub fn directory(&mut self, path: &str) -> &mut Self {
        self.entry(path, tar::EntryType::Directory, 0o755, b"", None)
    }

    pub fn file(&mut self, path: &str, content: &str) -> &mut Self {
        self.entry(path, tar::EntryType::Regular, 0o644, content.as_bytes(), None)
    }

    pub fn program(&mut self, path: &str, mode: u32, content: &[u8]) -> &mut Self {
        self.entry(path, tar::EntryType::Regular, mode, content, None)
    }

    pub fn symlink(&mut self, path: &str, target: &str) -> &mut Self {
        self.entry(path, tar::EntryType::Symlink, 0o777, b"", Some(target))
    }

    pub fn hard_link(&mut self, path: &str, target: &str) -> &mut Self {
        self.entry(path, tar::EntryType::Link, 0o644, b"", Some(target))
    }

    pub fn whiteout(&mut self, directory: &str, name: &str) -> &mut Self {
        self.file(&format!("{directory}.wh.{name}"), "")
    }

    pub fn device(&mut self, path: &str, major: u32, minor: u32) -> &mut Self {
        let mut header = header(tar::EntryType::Char, 0o660, 0);
        header.set_device_major(major).unwrap();
        header.set_device_minor(minor).unwrap();
        self.append(header, path, b"", None)
    }

    pub fn fifo(&mut self, path: &str) -> &mut Self {
        self.entry(path, tar::EntryType::Fifo, 0o600, b"", None)
    }

    /// The next entry has this attribute.
    pub fn xattr(&mut self, name: &str, value: &[u8]) -> &mut Self {
        let name = format!("SCHILY.xattr.{name}");
        self.0.append_pax_extensions([(&*name, value)]).unwrap();
        self
    }

    /// The next entry has this owner's numbers instead of root's.
    pub fn owned(&mut self, path: &str, owner: u64, content: &str) -> &mut Self {
        let mut header = header(tar::EntryType::Regular, 0o600, content.len());
        header.set_uid(owner);
        header.set_gid(owner + 1);
        self.append(header, path, content.as_bytes(), None)
    }

    fn entry(
        &mut self,
        path: &str,
        kind: tar::EntryType,
        mode: u32,
        content: &[u8],
        link: Option<&str>,
    ) -> &mut Self {
        self.append(header(kind, mode, content.len()), path, content, link)
    }

    /// Names go in as they are, also those that a decent archiver refuses.
    fn append(
        &mut self,
        mut header: tar::Header,
        path: &str,
        content: &[u8],
        link: Option<&str>,
    ) -> &mut Self {
        let fields = header.as_old_mut();
        fields.name[..path.len()].copy_from_slice(path.as_bytes());
        if let Some(link) = link {
            fields.linkname[..link.len()].copy_from_slice(link.as_bytes());
        }
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }
}

fn header(kind: tar::EntryType, mode: u32, size: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size as u64);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_700_000_000);
    header
}

/// An image, ready to be put into a registry.
#[derive(Debug, Clone)]
pub struct Image {
    /// Configuration and layers, by digest.
    pub blobs: Vec<(String, Vec<u8>)>,
    pub manifest: Vec<u8>,
}

impl Image {
    /// An image of some layers, bottom first.
    pub fn new(layers: &[Layer]) -> Self {
        Self::with(layers, &json!({}))
    }

    /// The same, with settings for its commands.
    pub fn with(layers: &[Layer], settings: &Value) -> Self {
        let diff_ids: Vec<_> = layers.iter().map(|layer| &layer.diff_id).collect();
        let config = json!({
            "os": "linux", "architecture": "amd64", "config": settings,
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = config.to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": digest(&config), "size": config.len(),
            },
            "layers": layers.iter().map(Layer::descriptor).collect::<Vec<_>>(),
        });
        let layers = layers.iter().map(|layer| (digest(&layer.blob), layer.blob.clone()));
        let config = (digest(&config), config);
        let blobs = [config].into_iter().chain(layers).collect();
        Self { blobs, manifest: manifest.to_string().into_bytes() }
    }

    /// The digest by which it is known for ever.
    pub fn digest(&self) -> String {
        digest(&self.manifest)
    }

    /// An index that has it beside an image for other machines.
    pub fn index(&self) -> Vec<u8> {
        let on = |architecture: &str, digest: &str, size: usize| {
            json!({
                "mediaType": MANIFEST, "digest": digest, "size": size,
                "platform": { "os": "linux", "architecture": architecture },
            })
        };
        let other = digest(b"another");
        let manifests = [on("arm64", &other, 7), on("amd64", &self.digest(), self.manifest.len())];
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests });
        index.to_string().into_bytes()
    }
}
