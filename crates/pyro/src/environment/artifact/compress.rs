//! Bytes packed into a file, and hashed on both sides of the packing.
//!
//! It is zstd's own library that packs, at its usual level: of a root image of 237 MB it makes 79 MB in 0.9 s,
//! where zlib makes 94 MB in 2.1 s and the encoder of `ruzstd` 118 MB in 3.0 s. The same version
//! makes the same bytes.

use super::super::oci::{Blob, Part};
use crate::error::{AtPath, PathError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

/// zstd's own default.
const LEVEL: i32 = 3;

/// A writer whose output is in a file.
pub(super) struct Packing {
    path: PathBuf,
    plain: Hash,
    zstd: zstd::stream::write::Encoder<'static, Hashed>,
}

/// A digest in the making, and of how many bytes.
#[derive(Default)]
struct Hash {
    hash: Sha256,
    length: u64,
}

struct Hashed {
    file: File,
    hash: Hash,
}

impl Packing {
    /// Begins the file `path`.
    pub(super) fn into_file(path: PathBuf) -> Result<Self, PathError> {
        let file = File::create_new(&path).at("create", &path)?;
        let hashed = Hashed { file, hash: Hash::default() };
        let zstd = zstd::stream::write::Encoder::new(hashed, LEVEL).at("pack", &path)?;
        Ok(Self { path, plain: Hash::default(), zstd })
    }

    /// Ends it. Says what went in, SHA-256 and length, and what came out.
    pub(super) fn finish(self, media_type: &str) -> Result<((String, u64), Part), PathError> {
        let Self { path, plain, zstd } = self;
        let packed = zstd.finish().at("pack", &path)?;
        let (digest, size) = packed.hash.finish();
        let blob = Blob { digest, size, media_type: media_type.to_owned() };
        Ok((plain.finish(), Part { blob, path }))
    }
}

impl Write for Packing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.zstd.write(bytes)?;
        self.plain.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zstd.flush()
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Hash {
    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
    }

    fn finish(self) -> (String, u64) {
        (hex::encode(self.hash.finalize()), self.length)
    }
}
