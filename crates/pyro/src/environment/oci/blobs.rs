//! Layers on their way from a registry into a directory, a few at a time. What arrives is hashed as it is
//! written; a transfer that breaks goes on where it stopped, in this process or in the next one. A file
//! under a layer's own digest is whole and checked.

use super::OciError;
use super::document::Blob;
use super::registry::{Registry, check};
use super::retry::Attempts;
use crate::config::Config;
use crate::error::{AtPath, PathError};
use crate::event::{Event, Observer, Unit};
use crate::fetch::FetchError;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Transfers at a time, as Docker has it.
const MAX_TRANSFERS: usize = 3;
const BLOCK: usize = 256 << 10;

/// What all transfers of one image share.
pub(super) struct Transfers<'a> {
    pub(super) config: &'a Config,
    pub(super) registry: &'a Registry<'a>,
    pub(super) directory: &'a Path,
    /// The phrase for the observer.
    pub(super) what: &'a str,
    pub(super) observer: Observer<'a>,
    progress: Progress,
    /// One has failed: the others need not go on.
    over: AtomicBool,
}

#[derive(Default)]
struct Progress {
    done: AtomicU64,
    total: u64,
}

impl<'a> Transfers<'a> {
    pub(super) fn new(
        config: &'a Config,
        registry: &'a Registry<'a>,
        directory: &'a Path,
        what: &'a str,
        observer: Observer<'a>,
    ) -> Self {
        let (progress, over) = (Progress::default(), AtomicBool::new(false));
        Self { config, registry, directory, what, observer, progress, over }
    }

    /// Brings every layer into the directory. Returns the first error.
    pub(super) fn run(mut self, layers: &[Blob]) -> Result<(), OciError> {
        let layers: BTreeMap<&str, &Blob> = layers.iter().map(|l| (&*l.digest, l)).collect();
        let layers: Vec<&Blob> = layers.into_values().collect();
        self.progress.total = layers.iter().map(|layer| layer.size).sum();
        let next = AtomicUsize::new(0);
        let first_error = Mutex::new(None);
        let work = || {
            while let Some(layer) = layers.get(next.fetch_add(1, Ordering::Relaxed)) {
                if let Err(error) = self.transfer(layer) {
                    let mut first = first_error.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert(error);
                    self.over.store(true, Ordering::Relaxed);
                }
                if self.over.load(Ordering::Relaxed) {
                    break;
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..layers.len().min(MAX_TRANSFERS) {
                scope.spawn(work);
            }
        });
        first_error.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    fn transfer(&self, layer: &Blob) -> Result<(), OciError> {
        let whole = path_of(self.directory, &layer.digest);
        if whole.exists() {
            self.count(layer.size);
            return Ok(());
        }
        let mut part = Part::open(self.directory, layer)?;
        self.count(part.length);
        let mut attempts = Attempts::new(self.config);
        while let Err(error) = self.attempt(layer, &mut part) {
            if part.has_grown() {
                attempts.advanced();
            }
            if self.over.load(Ordering::Relaxed) {
                return Err(error);
            }
            attempts.after(error, self.observer)?;
        }
        part.finish(layer, &whole)
    }

    /// Asks for what is missing, and writes what comes.
    fn attempt(&self, layer: &Blob, part: &mut Part) -> Result<(), OciError> {
        if part.length == layer.size {
            return Ok(());
        }
        let mut answer = self.registry.blob_from(&layer.digest, part.length)?;
        let begins_there = format!("bytes {}-", part.length);
        let continues = answer.status() == 206
            && answer.headers("Content-Range").any(|range| range.starts_with(&begins_there));
        if !continues && part.length > 0 {
            self.progress.done.fetch_sub(part.length, Ordering::Relaxed);
            part.restart()?;
            if answer.status() != 200 {
                answer = self.registry.blob_from(&layer.digest, 0)?;
            }
        }
        let mut download = answer.download(layer.size - part.length)?;
        let mut block = vec![0; BLOCK];
        loop {
            let read = download.read(&mut block)?;
            if read == 0 {
                break;
            }
            part.append(&block[..read])?;
            self.count(read as u64);
            if self.over.load(Ordering::Relaxed) {
                break;
            }
        }
        if part.length == layer.size {
            return Ok(());
        }
        let url = format!("the layer sha256:{}", layer.digest);
        Err(FetchError::Incomplete { url, done: part.length, length: layer.size }.into())
    }

    fn count(&self, bytes: u64) {
        let done = self.progress.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let (what, total) = (self.what.to_owned(), Some(self.progress.total));
        (self.observer)(Event::Advanced { what, done, total, unit: Unit::Bytes });
    }
}

/// Where a whole layer lies.
pub(super) fn path_of(directory: &Path, digest: &str) -> PathBuf {
    directory.join(digest)
}

/// The beginning of a layer in a file of its own, and the hash of it.
struct Part {
    path: PathBuf,
    file: File,
    hash: Sha256,
    length: u64,
    /// How long it was when it was last asked about.
    known_length: u64,
}

impl Part {
    /// Goes on with what is there.
    fn open(directory: &Path, layer: &Blob) -> Result<Self, PathError> {
        let path = directory.join(format!("{}.part", layer.digest));
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.at("open", &path)?;
        let mut part = Self { path, file, hash: Sha256::new(), length: 0, known_length: 0 };
        let mut block = vec![0; BLOCK];
        loop {
            match part.file.read(&mut block).at("read", &part.path)? {
                0 => break,
                read => {
                    part.hash.update(&block[..read]);
                    part.length += read as u64;
                }
            }
        }
        if part.length > layer.size {
            part.restart()?;
        }
        part.known_length = part.length;
        Ok(part)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), PathError> {
        self.file.write_all(bytes).at("write", &self.path)?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), PathError> {
        self.file.set_len(0).at("empty", &self.path)?;
        self.file.seek(SeekFrom::Start(0)).at("empty", &self.path)?;
        (self.hash, self.length, self.known_length) = (Sha256::new(), 0, 0);
        Ok(())
    }

    fn has_grown(&mut self) -> bool {
        std::mem::replace(&mut self.known_length, self.length) < self.length
    }

    /// Gives a whole layer its name; what is not the layer goes.
    fn finish(self, layer: &Blob, whole: &Path) -> Result<(), OciError> {
        let found = hex::encode(self.hash.finalize());
        let checked = check(&format!("the layer sha256:{}", layer.digest), &layer.digest, &found);
        match checked {
            Ok(()) => Ok(fs::rename(&self.path, whole).at("move into place", whole)?),
            Err(error) => {
                fs::remove_file(&self.path).at("remove", &self.path)?;
                Err(error)
            }
        }
    }
}
