//! An export under way: whoever reads from the guest hands on what comes, a thread makes files of it.

use super::aside::Aside;
use super::unpack::unpack;
use super::{ExportError, ExportLimits, ExportTarget, Exported};
use crate::error::AtPath;
use bytes::{Buf, Bytes};
use rustix::io::Errno;
use std::io::{self, Read};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// Pieces under way. With the size of a frame this bounds the memory.
const WAITING: usize = 16;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One file.
    File,
    /// A directory with all that is in it.
    Directory,
}

/// An export under way. Dropping it ends it: when that returns, nothing of it is there.
#[derive(Debug)]
pub struct Receiving {
    pieces: Option<mpsc::Sender<Piece>>,
    outcome: oneshot::Receiver<Result<Exported, ExportError>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    End,
}

impl Receiving {
    /// Begins. What is at the target must not be there, unless it is to be replaced.
    ///
    /// # Errors
    /// If it is there, or no thread can be started.
    pub fn begin(
        target: ExportTarget,
        shape: Shape,
        overwrite: bool,
        limits: ExportLimits,
    ) -> Result<Self, ExportError> {
        match target.parent.look(&target.name) {
            Ok(_) if !overwrite => return Err(ExportError::Exists { path: target.path }),
            Err(Errno::NOENT) | Ok(_) => {}
            Err(error) => drop(Err::<(), _>(error).at("look at", &target.path)?),
        }
        let (pieces, receiver) = mpsc::channel(WAITING);
        let (tell, outcome) = oneshot::channel();
        let path = target.path.clone();
        let work = move || {
            let done = receive(&target, shape, overwrite, &limits, receiver);
            // nobody listens any more where this fails
            let _ = tell.send(done);
        };
        let thread = std::thread::Builder::new().name("export".into()).spawn(work);
        let thread = Some(thread.at("start a thread to write", &path)?);
        Ok(Self { pieces: Some(pieces), outcome, thread })
    }

    /// Takes the next piece of the archive; false where no more is wanted, because something is wrong.
    pub async fn take(&self, piece: Bytes) -> bool {
        match &self.pieces {
            Some(pieces) => pieces.send(Piece::Data(piece)).await.is_ok(),
            None => false,
        }
    }

    /// Ends it: the guest has sent all. When this returns, all of it is there and on the disk.
    ///
    /// # Errors
    /// Why nothing was exported.
    pub async fn complete(mut self) -> Result<Exported, ExportError> {
        if let Some(pieces) = self.pieces.take() {
            // where it is not taken any more, the outcome says why
            let _ = pieces.send(Piece::End).await;
        }
        (&mut self.outcome).await.unwrap_or(Err(ExportError::Stopped))
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.pieces = None;
        if let Some(thread) = self.thread.take() {
            // a panic there has been told as a missing outcome
            let _ = thread.join();
        }
    }
}

fn receive(
    target: &ExportTarget,
    shape: Shape,
    overwrite: bool,
    limits: &ExportLimits,
    pieces: mpsc::Receiver<Piece>,
) -> Result<Exported, ExportError> {
    let aside = Aside::create(target)?;
    let content = Content { pieces, rest: Bytes::new(), complete: false };
    let exported = unpack(content, shape, &aside.directory, &target.path, limits)?;
    aside.put(overwrite)?;
    Ok(exported)
}

/// What comes, for a thread that waits. It ends only where the guest has said so.
#[derive(Debug)]
struct Content {
    pieces: mpsc::Receiver<Piece>,
    rest: Bytes,
    complete: bool,
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.complete {
            match self.pieces.blocking_recv() {
                Some(Piece::Data(data)) => self.rest = data,
                Some(Piece::End) => self.complete = true,
                None => return Err(io::ErrorKind::ConnectionAborted.into()),
            }
        }
        let count = into.len().min(self.rest.len());
        self.rest.copy_to_slice(into.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
