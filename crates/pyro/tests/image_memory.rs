//! How much memory it takes to pull an image of half a gigabyte, and to push and pull the environment that it
//! became. Alone in its process, because a process
//! remembers its peak and not whose it was.

#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

#[path = "file_tree/mod.rs"]
mod file_tree;
#[path = "images/host.rs"]
mod host;
#[path = "registry/mod.rs"]
mod registry;

use flate2::write::GzEncoder;
use registry::debian::Registry;
use registry::image::{MANIFEST, digest};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

const FILES: usize = 500;
const FILE_BYTES: usize = 1 << 20;
/// What the process may take, in KiB.
const MAX_KIB: u64 = 64 << 10;

/// Hashes what it passes on.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn hashed<W>(inner: W) -> Hashed<W> {
    Hashed { inner, hash: Sha256::new() }
}

fn name(hash: Sha256) -> String {
    format!("sha256:{}", hex::encode(hash.finalize()))
}

/// Half a gigabyte as a layer in a file: its digest, packed and unpacked.
fn large_layer(path: &Path) -> (String, String) {
    let gzip = GzEncoder::new(hashed(File::create(path).unwrap()), flate2::Compression::none());
    let mut tar = tar::Builder::new(hashed(gzip));
    let mut content = vec![0; FILE_BYTES];
    let mut noise = 88_172_645_463_325_252_u64;
    for number in 0..FILES {
        // what does not compress, because a real image is no decompression bomb either
        for word in content.as_chunks_mut().0 {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            *word = noise.to_le_bytes();
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(FILE_BYTES as u64);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("file-{number}"), &content[..]).unwrap();
    }
    let Hashed { inner: gzip, hash: unpacked } = tar.into_inner().unwrap();
    let Hashed { hash: packed, .. } = gzip.finish().unwrap();
    (name(packed), name(unpacked))
}

/// The most memory that this process ever had, in KiB (proc_pid_status(5)).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn half_a_gigabyte_is_pulled_pushed_and_pulled_again_in_less_than_64_mib() {
    let store = tempfile::tempdir().unwrap();
    let registry = Registry::start(store.path());
    let file = store.path().join("layer.tar.gz");
    let (layer, diff_id) = large_layer(&file);
    registry.push_blob("large", &layer, &File::open(&file).unwrap());
    let config = json!({
        "os": "linux", "architecture": "amd64",
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
    });
    let config = config.to_string().into_bytes();
    registry.push_blob("large", &digest(&config), &config[..]);
    let part = |media_type: &str, digest: &str, size: u64| json!({ "mediaType": media_type, "digest": digest, "size": size });
    let size = file.metadata().unwrap().len();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": part(
            "application/vnd.oci.image.config.v1+json", &digest(&config), config.len() as u64
        ),
        "layers": [part("application/vnd.oci.image.layer.v1.tar+gzip", &layer, size)],
    });
    let reference = registry.push_manifest(manifest.to_string().as_bytes(), "large", "1");
    fs::remove_file(&file).unwrap();

    let host = host::Host::new();
    let installed = host.pull(&reference).unwrap();
    assert!(installed.size_bytes > (FILES * FILE_BYTES) as u64);
    let artifact = format!("{}/artifact:1", registry.host);
    let pushed = host.environments().push(&reference, &artifact, &pyro::event::ignore).unwrap();
    assert!(pushed.sent_bytes > (FILES * FILE_BYTES) as u64);
    drop(host);
    let there = host::Host::empty().pull(&artifact).unwrap();
    assert_eq!(there.image_digest, installed.image_digest);
    // all of it: the test itself, and the making of the image before
    assert!(peak() < MAX_KIB, "{} KiB at its peak", peak());
}
