//! Environments as artifacts, made by hand: what the format says, and what somebody may make of it.

use super::image::{Image, MANIFEST, digest};
use serde_json::{Value, json};

/// A kernel's archive with these files.
pub fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        // as it is, also one that a decent archiver refuses
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

/// The parts of an artifact, not yet packed.
#[derive(Debug, Clone)]
pub struct Artifact {
    pub config: Value,
    pub root: Vec<u8>,
    pub kernel: Vec<u8>,
}

pub const VMLINUX: &[u8] = b"\x7fELF a kernel";
pub const MODULE: &[u8] = b"\x7fELF a module";

impl Artifact {
    /// An honest one with this root image.
    pub fn new(name: &str, version: &str, root: &[u8]) -> Self {
        let kernel = archive(&[("vmlinux", VMLINUX), ("modules/virtio.ko", MODULE)]);
        let plain = |bytes: &[u8]| digest(bytes).strip_prefix("sha256:").unwrap().to_owned();
        let config = json!({
            "format": 1, "name": name, "version": version, "architecture": "amd64",
            "root": { "digest": plain(root), "size_bytes": root.len(), "entries": 1 },
            "kernel": {
                "release": "6.1.0-0-amd64", "archive_digest": plain(&kernel),
                "archive_bytes": kernel.len(), "vmlinux_digest": plain(VMLINUX),
                "modules": ["virtio.ko"],
                "sets": { "serial": ["virtio.ko"], "vsock": ["virtio.ko"], "storage": [] },
                "package": "linux-image-6.1.0-0-amd64", "package_version": "6.1.1-1",
                "uri": "http://mirror.example/linux.deb", "package_digest": "00".repeat(32),
            },
            "origin": {
                "kind": "debian_archive", "suite": "bookworm", "sources": ["deb x bookworm main"],
                "tool": "mmdebstrap 1", "mode": "root", "packages": [],
            },
            "settings": {},
        });
        Self { config, root: root.to_vec(), kernel }
    }

    /// With another kernel's archive, about which the configuration says the truth.
    #[must_use]
    pub fn with_kernel(mut self, kernel: Vec<u8>) -> Self {
        self.config["kernel"]["archive_digest"] = digest(&kernel)["sha256:".len()..].into();
        self.config["kernel"]["archive_bytes"] = kernel.len().into();
        self.kernel = kernel;
        self
    }

    /// As a registry has it.
    pub fn image(&self) -> Image {
        let zstd = |bytes: &[u8]| {
            let level = ruzstd::encoding::CompressionLevel::Fastest;
            ruzstd::encoding::compress_to_vec(bytes, level)
        };
        self.packed(&zstd(&self.root), &zstd(&self.kernel))
    }

    /// The same of parts that are packed already.
    pub fn packed(&self, root: &[u8], kernel: &[u8]) -> Image {
        let kind = |part: &str| format!("application/vnd.pyro.environment.{part}");
        let config = self.config.to_string().into_bytes();
        let blob = |part: &str, bytes: &[u8]| json!({ "mediaType": kind(part), "digest": digest(bytes), "size": bytes.len() });
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "artifactType": "application/vnd.pyro.environment.v1",
            "config": blob("config.v1+json", &config),
            "layers": [blob("root.v1.erofs+zstd", root), blob("kernel.v1.tar+zstd", kernel)],
        });
        let blobs = [config, root.to_vec(), kernel.to_vec()].map(|bytes| (digest(&bytes), bytes));
        Image { blobs: blobs.into(), manifest: manifest.to_string().into_bytes() }
    }
}
