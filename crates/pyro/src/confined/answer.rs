//! The process that reads: it answers one question after the other, and ends when nobody asks any more.

use super::plan::{RUNS_IN_FRAME, write_runs};
use super::words::{FileEnd, Frame, MAX_FRAME, MAX_QUESTION, Question, Survey, write, write_json};
use crate::disk::{Depth, DiskView, Found, NodeKind, ViewError, Walked};
use pyro_proto::GuestPath;
use pyro_proto::tree::{Entry, Kind, ListDone};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

/// The role's `main`: the disk is standard input, the channel standard output.
#[must_use]
pub fn main() -> ExitCode {
    let disk = io::stdin().as_fd().try_clone_to_owned().map(File::from);
    let channel = io::stdout().as_fd().try_clone_to_owned().map(UnixStream::from);
    match disk.and_then(|disk| serve(&disk, channel?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(disk: &File, channel: UnixStream) -> io::Result<()> {
    let mut view = None;
    let mut from = BufReader::new(channel.try_clone()?);
    let mut to = BufWriter::with_capacity(MAX_FRAME, channel);
    loop {
        let mut line = Vec::new();
        (&mut from).take(MAX_QUESTION).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        let question = serde_json::from_slice(&line)?;
        // opened with the first question, so that what is wrong with it can be said
        let answered = match &view {
            Some(view) => answer(view, question, &mut to),
            None => DiskView::over(disk.try_clone()?)
                .and_then(|opened| answer(view.insert(opened), question, &mut to)),
        };
        if let Err(error) = answered {
            refuse(error, &mut to)?;
        }
        to.flush()?;
    }
}

/// Whoever asks is gone where nothing can be written.
fn refuse(error: ViewError, to: &mut impl Write) -> io::Result<()> {
    let report = crate::Error::from(error).report();
    write_json(to, Frame::Refusal, &report)
}

fn answer(view: &DiskView, question: Question, to: &mut impl Write) -> Result<(), ViewError> {
    match question {
        Question::Survey { limit } => {
            let survey = survey(view, limit)?;
            Ok(write_json(to, Frame::End, &survey)?)
        }
        Question::List { path, recursive, limit } => {
            let depth = if recursive { Depth::Deep } else { Depth::Flat };
            let walked = view.walk(path.as_bytes(), depth, limit, |found| {
                Ok(write_json(to, Frame::Item, &entry(found)?)?)
            })?;
            Ok(write_json(to, Frame::End, &done(walked))?)
        }
        Question::Plan { path, limit } => {
            if !view.is_clean() {
                return Err(ViewError::Unsupported("a file system that is not in order"));
            }
            let walked = view.walk(path.as_bytes(), Depth::WithoutGit, limit, |found| {
                write_json(to, Frame::Item, &entry(found)?)?;
                for runs in found.runs()?.chunks(RUNS_IN_FRAME) {
                    write(to, Frame::Runs, &write_runs(runs))?;
                }
                Ok(())
            })?;
            Ok(write_json(to, Frame::End, &done(walked))?)
        }
        Question::Read { path, offset, length } => {
            let mut reader = view.reader(path.as_bytes())?;
            let size = reader.size();
            reader.move_to(offset);
            let mut content = reader.take(length);
            let mut piece = vec![0; MAX_FRAME];
            loop {
                match content.read(&mut piece).map_err(ViewError::from_io)? {
                    0 => return Ok(write_json(to, Frame::End, &FileEnd { size })?),
                    read => write(to, Frame::Piece, piece.get(..read).unwrap_or_default())?,
                }
            }
        }
    }
}

fn done(walked: Walked) -> ListDone {
    ListDone { entries: walked.entries, truncated: walked.truncated }
}

fn survey(view: &DiskView, limit: u64) -> Result<Survey, ViewError> {
    let mut bytes = 0_u64;
    let walked = view.walk(b"", Depth::Deep, limit, |found| {
        if found.metadata.kind == NodeKind::File {
            bytes = bytes.saturating_add(found.metadata.size);
        }
        Ok(())
    })?;
    let whole = !walked.truncated;
    Ok(Survey {
        is_clean: view.is_clean(),
        entries: whole.then_some(walked.entries),
        bytes: whole.then_some(bytes),
    })
}

fn entry(found: &Found<'_>) -> Result<Entry, ViewError> {
    let metadata = found.metadata;
    let slash: &[u8] = if found.path.is_empty() { b"" } else { b"/" };
    let (kind, size) = match metadata.kind {
        NodeKind::File => (Kind::File, metadata.size),
        NodeKind::Directory => (Kind::Directory, 0),
        NodeKind::Symlink => (Kind::Symlink, metadata.size),
        NodeKind::Other => (Kind::Other, 0),
    };
    Ok(Entry {
        path: GuestPath::new([b"/workspace", slash, found.path].concat()),
        kind,
        size,
        mode: metadata.mode,
        mtime_ns: metadata.modified.saturating_mul(1_000_000_000),
        link_target: found.link_target()?.map(GuestPath::new),
    })
}
