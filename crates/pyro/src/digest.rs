//! SHA-256 of bytes that pass by and of files, as lower-case hexadecimal text.

use crate::error::{AtPath, PathError};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How many bytes are read at once.
const BLOCK: usize = 256 * 1024;

/// The digest of a whole file, read through the page cache.
pub(crate) fn of_file(path: &Path) -> Result<String, PathError> {
    let mut file = File::open(path).at("open", path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block).at("read", path)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&block[..n]),
        }
    }
}

/// The digest of a few bytes.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether `text` looks like a digest, and so is safe as part of a file name.
pub(crate) fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
