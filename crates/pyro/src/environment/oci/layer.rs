//! A layer that is here, read as the tar stream that it is: decompressed under limits, and compared with
//! the digest that the image's configuration has for the unpacked bytes.

use super::OciError;
use super::document::Blob;
use super::registry::check;
use crate::archive::{Compression, Excess, Growth};
use crate::environment::erofs::ErofsError;
use crate::error::AtPath;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

/// Layers of zeros and of text grow most; the densest of real images stay below a hundredfold.
pub(super) const GROWTH: Growth = Growth { max_ratio: 200, counts_from: 256 << 20 };

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The file that holds it.
    pub path: PathBuf,
    /// SHA-256 of the file.
    pub digest: String,
    /// SHA-256 of the tar stream in it.
    pub diff_id: String,
}

/// A layer being read.
pub(in crate::environment) struct Unpacked<'l> {
    layer: &'l Layer,
    reader: Box<dyn Read>,
    hash: Sha256,
}

impl Layer {
    /// The layers of a manifest in files.
    pub(super) fn of(
        blobs: &[Blob],
        diff_ids: &[String],
        path: impl Fn(&Blob) -> PathBuf,
    ) -> Vec<Self> {
        let layer = |(blob, diff_id): (&Blob, &String)| Self {
            path: path(blob),
            digest: blob.digest.clone(),
            diff_id: diff_id.clone(),
        };
        blobs.iter().zip(diff_ids).map(layer).collect()
    }

    /// Begins to read it.
    pub(in crate::environment) fn open(&self) -> Result<Unpacked<'_>, OciError> {
        let mut file = File::open(&self.path).at("open", &self.path)?;
        let mut beginning = Vec::new();
        file.by_ref().take(4).read_to_end(&mut beginning).at("read", &self.path)?;
        file.seek(SeekFrom::Start(0)).at("read", &self.path)?;
        let reader = Compression::by_magic(&beginning).decompressed(file, GROWTH);
        Ok(Unpacked { layer: self, reader, hash: Sha256::new() })
    }

    /// What an error while reading it means.
    pub(in crate::environment) fn failed(&self, error: ErofsError) -> OciError {
        let digest = self.digest.clone();
        match error {
            ErofsError::Write(_) => OciError::Erofs(error),
            ErofsError::Read(source) => match source.downcast::<Excess>() {
                Ok(Excess { max_ratio }) => OciError::Bomb { digest, max_ratio },
                Err(source) => OciError::Layer { digest, source: unreadable(source) },
            },
            source => OciError::Layer { digest, source },
        }
    }
}

/// A file of ours reads well; it is its content that cannot be decompressed.
fn unreadable(source: io::Error) -> ErofsError {
    match source.kind() {
        io::ErrorKind::UnexpectedEof => ErofsError::CutOff,
        _ if source.raw_os_error().is_some() => ErofsError::Read(source),
        _ => ErofsError::Malformed { offset: 0, what: source.to_string() },
    }
}

impl Unpacked<'_> {
    /// Reads what is left, and makes sure that all of it is what the image is made of.
    pub(in crate::environment) fn finish(mut self) -> Result<(), OciError> {
        let layer = self.layer;
        let drained = io::copy(&mut self, &mut io::sink());
        drained.map_err(|error| layer.failed(ErofsError::Read(error)))?;
        let what = format!("the layer sha256:{}, unpacked,", layer.digest);
        check(&what, &layer.diff_id, &hex::encode(self.hash.finalize()))
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
