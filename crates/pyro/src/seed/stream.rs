//! A source as a stream of bytes: a thread reads the host's files, and whoever sends the stream to a
//! guest sets the pace.

use super::directory::{self, Pick};
use super::outlet::Outlet;
use super::packer::Packer;
use super::source::{OpenDirectory, Source};
use super::{SeedError, SeedLimits, Seeded, archive};
use crate::event::{Event, Observer, Unit};
use crate::hostfs::credentials;
use bytes::{Buf, Bytes};
use rustix::fs::FileType;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::{mpsc, oneshot};

/// What events call it.
const WHAT: &str = "seeding";
/// The observer hears of progress once per this many bytes.
const PROGRESS_STEP: u64 = 4 << 20;

/// A tar archive under way. Dropping it ends the reading of the source.
pub struct Seeding<'o> {
    chunks: mpsc::Receiver<Bytes>,
    chunk: Bytes,
    outcome: oneshot::Receiver<Result<Seeded, SeedError>>,
    /// The outcome, once it has arrived.
    ended: Option<Result<Seeded, SeedError>>,
    progress: Progress<'o>,
}

impl std::fmt::Debug for Seeding<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seeding").field("sent", &self.progress.bytes).finish_non_exhaustive()
    }
}

struct Progress<'o> {
    observer: Observer<'o>,
    started: Instant,
    bytes: u64,
    next: u64,
}

/// Begins to read `source`. The stream is an uncompressed tar archive of GNU's format: owner and group
/// 0, permissions and times (in seconds) kept, names relative to the source. It ends in an error where
/// the source cannot be read or goes beyond `limits`; [`Seeding::finish`] then says why.
///
/// # Errors
/// Only where no thread can be started.
pub fn stream<'o>(
    source: Source,
    limits: &SeedLimits,
    observer: Observer<'o>,
) -> Result<Seeding<'o>, SeedError> {
    let (outlet, chunks) = Outlet::channel();
    let (tell, outcome) = oneshot::channel();
    let limits = limits.clone();
    let path = source.path().to_owned();
    let read = move || {
        // nobody listens any more where this fails
        let _ = tell.send(pack(source, &limits, outlet));
    };
    let spawned = std::thread::Builder::new().name("seed".into()).spawn(read);
    crate::error::AtPath::at(spawned, "start a thread to read", &path)?;
    observer(Event::Started { what: WHAT.into() });
    let progress = Progress { observer, started: Instant::now(), bytes: 0, next: PROGRESS_STEP };
    Ok(Seeding { chunks, chunk: Bytes::new(), outcome, ended: None, progress })
}

fn pack(source: Source, limits: &SeedLimits, outlet: Outlet) -> Result<Seeded, SeedError> {
    let mut packer = Packer::new(outlet, limits.clone(), source.mode());
    match source {
        Source::Directory(directory) => pack_directory(&mut packer, &directory)?,
        Source::Archive(archive) => archive::pack(&mut packer, archive, limits)?,
        Source::Project(project) => project.pack(&mut packer)?,
    }
    packer.finish()
}

fn pack_directory(packer: &mut Packer, source: &OpenDirectory) -> Result<(), SeedError> {
    let all = |_: &[u8], _| Pick::Take;
    if source.withhold {
        directory::pack(packer, &source.directory, b"", &without_credentials)
    } else {
        directory::pack(packer, &source.directory, b"", &all)
    }
}

/// What a model may seed of a directory. A repository goes along without its settings, because URLs
/// and headers in them may hold tokens; as a project it keeps those that hold none.
fn without_credentials(path: &[u8], kind: FileType) -> Pick {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let in_repository = || path.split(|byte| *byte == b'/').any(|part| part == b".git");
    let is_credential = match kind {
        FileType::Directory => credentials::is_directory(name),
        _ => credentials::is_path(path),
    };
    let is_setting =
        || matches!(name, b"config" | b"config.worktree" | b"FETCH_HEAD") && in_repository();
    if is_credential || is_setting() { Pick::Withhold } else { Pick::Take }
}

impl Seeding<'_> {
    /// The next bytes, as they were read; none at the end, or where the source has failed.
    pub async fn next_chunk(&mut self) -> Option<Bytes> {
        let chunk = match std::mem::take(&mut self.chunk) {
            chunk if chunk.is_empty() => self.chunks.recv().await?,
            chunk => chunk,
        };
        self.progress.advance(chunk.len() as u64);
        Some(chunk)
    }

    /// What was seeded. Call it when the stream has been read to its end, or has failed.
    ///
    /// # Errors
    /// Why the source was not read to its end; [`SeedError::Stopped`] where it was this end that
    /// stopped.
    pub async fn finish(mut self) -> Result<Seeded, SeedError> {
        let result = match self.ended.take() {
            Some(result) => result,
            None => {
                self.chunks.close();
                let unread = !self.chunk.is_empty() || self.chunks.recv().await.is_some();
                // the reading thread must not wait for room in a channel that nobody reads
                while self.chunks.recv().await.is_some() {}
                match (&mut self.outcome).await {
                    Ok(Ok(_)) if unread => Err(SeedError::Stopped),
                    Ok(result) => result,
                    Err(_) => Err(SeedError::Stopped),
                }
            }
        };
        if result.is_ok() {
            self.progress.finished();
        }
        result
    }
}

impl AsyncRead for Seeding<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.chunk.is_empty() {
            match ready!(self.chunks.poll_recv(context)) {
                Some(chunk) => self.chunk = chunk,
                None => return self.end(context),
            }
        }
        let count = self.chunk.len().min(buffer.remaining());
        buffer.put_slice(&self.chunk[..count]);
        self.chunk.advance(count);
        self.progress.advance(count as u64);
        Poll::Ready(Ok(()))
    }
}

impl Seeding<'_> {
    /// The channel is closed: that is the end only if the thread says so.
    fn end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended.is_none() {
            let outcome = ready!(Pin::new(&mut self.outcome).poll(context));
            self.ended = Some(outcome.unwrap_or(Err(SeedError::Stopped)));
        }
        Poll::Ready(match &self.ended {
            Some(Err(error)) => Err(io::Error::other(error.to_string())),
            _ => Ok(()),
        })
    }
}

impl Progress<'_> {
    fn advance(&mut self, count: u64) {
        self.bytes += count;
        if self.bytes >= self.next {
            self.next = self.bytes + PROGRESS_STEP;
            let (done, total) = (self.bytes, None);
            let what = WHAT.to_owned();
            (self.observer)(Event::Advanced { what, done, total, unit: Unit::Bytes });
        }
    }

    fn finished(&self) {
        (self.observer)(Event::Finished { what: WHAT.into(), took: self.started.elapsed() });
    }
}
