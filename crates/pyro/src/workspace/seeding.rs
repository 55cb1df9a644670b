//! What comes from the host into a workspace: onto its disk before there is a machine, through its guest
//! afterwards.

use super::WORKSPACE_PATH;
use super::record::SeedFacts;
use crate::disk::{self, FillError};
use crate::error::Result;
use crate::event::Observer;
use crate::guest::{GuestError, transfer};
use crate::seed::{self, Named, SeedLimits, Seeded, Source};
use crate::shim::Client;
use bytes::{Buf, Bytes};
use pyro_proto::GuestPath;
use pyro_proto::request::Request;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Chunks between the thread that reads and the one that writes, beside those that the stream has.
const CHUNKS: usize = 2;

/// Something from the host that goes into a workspace.
#[derive(Debug)]
pub struct Seed {
    /// Where it is read.
    pub source: Source,
    /// How the user named it: a path or a URL.
    pub path: String,
    /// What it may be at most.
    pub limits: SeedLimits,
}

impl Seed {
    /// With the usual limits.
    #[must_use]
    pub fn new(source: Source, path: impl Into<String>) -> Self {
        Self { source, path: path.into(), limits: SeedLimits::default() }
    }
}

/// The seed of a workspace that begins empty.
pub(super) fn nothing() -> SeedFacts {
    SeedFacts {
        mode: "empty".to_owned(),
        path: None,
        destination: WORKSPACE_PATH.to_owned(),
        entry_count: 0,
        bytes_written: 0,
        ignored_count: 0,
        withheld: Vec::new(),
        changed_during_read: Vec::new(),
    }
}

/// Seeds a workspace that has a new disk and no machine yet. The host is many times as fast at it as a guest
/// on an emulated CPU.
pub(super) async fn onto(
    (disk, path): (File, PathBuf),
    seed: Seed,
    observer: Observer<'_>,
) -> Result<SeedFacts> {
    let Seed { source, path: named, limits } = seed;
    let mut seeding = seed::stream(source, &limits, observer)?;
    let (chunks, archive) = mpsc::channel(CHUNKS);
    let archive = Archive { chunks: archive, chunk: Bytes::new() };
    let filling = spawn_blocking(move || disk::fill(&disk, &path, archive));
    while let Some(chunk) = seeding.next_chunk().await {
        if chunks.send(chunk).await.is_err() {
            break; // it has failed, and will say why
        }
    }
    drop(chunks);
    // it is never aborted, so all that can be wrong with it is a panic
    let filled = filling.await.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    match (seeding.finish().await, filled) {
        (Ok(seeded), Ok(filled)) => {
            let destination = WORKSPACE_PATH.into();
            Ok(facts(named, &destination, &seeded, (filled.entries, filled.bytes)))
        }
        (Err(refused), Err(FillError::CutOff) | Ok(_)) => Err(refused.into()),
        (_, Err(error)) => Err(error.into()),
    }
}

/// The other end of the stream, for a thread that may wait.
#[derive(Debug)]
struct Archive {
    chunks: mpsc::Receiver<Bytes>,
    chunk: Bytes,
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(0),
            }
        }
        let count = self.chunk.len().min(buffer.len());
        self.chunk.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// Sends a seed to a directory of the guest; `replace` where somebody works there: then each file is the
/// old one or the new one at any moment.
pub(super) async fn send(
    shim: &Client,
    seed: Seed,
    destination: GuestPath,
    replace: bool,
    observer: Observer<'_>,
) -> Result<SeedFacts> {
    let Seed { source, path, limits } = seed;
    let mut seeding = seed::stream(source, &limits, observer)?;
    let request = Request::WriteTree { path: destination.clone(), replace };
    let sent = transfer::send(shim.guest(request).await?, &mut seeding).await;
    // where the source broke off, its word explains more than the guest's
    match (seeding.finish().await, sent) {
        (Ok(seeded), Ok(done)) => {
            Ok(facts(path, &destination, &seeded, (done.entries, done.bytes)))
        }
        (Err(refused), Err(GuestError::Host(..)) | Ok(_)) => Err(refused.into()),
        (_, Err(error)) => Err(error.into()),
    }
}

fn facts(
    path: String,
    destination: &GuestPath,
    seeded: &Seeded,
    (entry_count, bytes_written): (u64, u64),
) -> SeedFacts {
    SeedFacts {
        mode: seeded.mode.to_owned(),
        path: Some(path),
        destination: destination.to_string(),
        entry_count,
        bytes_written,
        ignored_count: seeded.ignored_count,
        withheld: named(&seeded.withheld),
        changed_during_read: named(&seeded.changed_during_read),
    }
}

fn named(named: &Named) -> Vec<String> {
    named.paths.iter().map(|path| path.display().to_string()).collect()
}
