//! The side that asks: it starts the process in the strongest jail of this host, and bounds what it takes.

use super::plan::{Planned, Steps, read_runs};
use super::words::{FileEnd, Frame, MAX_QUESTION, Question, Survey, read};
use super::{ConfinedError, ROLE};
use crate::config::Config;
use crate::guest::check;
use crate::machine::choose::strongest_jail;
use crate::machine::jail::{self, JailSpec, JailedChild, Limits, Streams, Tier};
use crate::machine::{needs, user_slot};
use pyro_proto::GuestPath;
use pyro_proto::tree::{Entry, ListDone};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

/// How long an answer may take to go on. Counting a million files takes some seconds.
const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes of memory that the process may use; the largest journal, and the names of a million files that are
/// told in order, fit in.
const MEMORY: u64 = 1 << 30;

/// What is needed to start such a process.
#[derive(Debug, Clone)]
pub struct Confinement {
    executable: PathBuf,
    cache: PathBuf,
    tier: Tier,
    slot: u16,
}

impl Confinement {
    /// On this host; of processes with the same `id`, which is a machine's, and with no other, the user may
    /// be shared.
    #[must_use]
    pub fn of(config: &Config, id: &str) -> Self {
        Self {
            executable: config.executable.clone(),
            cache: config.paths.cache().to_owned(),
            tier: strongest_jail(config).tier,
            slot: user_slot(id),
        }
    }

    fn spec(&self) -> Result<JailSpec, ConfinedError> {
        Ok(JailSpec {
            tier: self.tier,
            program: self.executable.clone(),
            args: vec![ROLE.to_owned()],
            env: Vec::new(),
            working_dir: None,
            readable: needs::remembered(&self.executable, &self.cache)?,
            binds: Vec::new(),
            devices: Vec::new(),
            keep_fds: Vec::new(),
            unprivileged_uid: jail::machine_uid(self.slot),
            limits: Limits { file_size: 0, open_files: 16, processes: None, memory: Some(MEMORY) },
        })
    }
}

/// A disk and the process that reads it, which ends when this is dropped. Every call blocks.
#[derive(Debug)]
pub struct Confined {
    _process: JailedChild,
    to: UnixStream,
    from: BufReader<UnixStream>,
    disk_bytes: u64,
}

/// What a directory holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In tree order, a directory before its content.
    pub entries: Vec<Entry>,
    /// Whether there are more.
    pub truncated: bool,
}

impl Confined {
    /// Starts the process for a disk that is open for reading, and that nobody writes meanwhile. It dies
    /// with the calling thread.
    ///
    /// # Errors
    /// [`ConfinedError::Jail`] and [`ConfinedError::Channel`]; what is wrong with the disk, the first
    /// question tells.
    pub fn start(confinement: &Confinement, disk: File) -> Result<Self, ConfinedError> {
        let disk_bytes = disk.metadata().map_err(ConfinedError::Channel)?.len();
        let (to, theirs) = UnixStream::pair().map_err(ConfinedError::Channel)?;
        to.set_read_timeout(Some(PATIENCE)).map_err(ConfinedError::Channel)?;
        let from = BufReader::new(to.try_clone().map_err(ConfinedError::Channel)?);
        let streams = Streams {
            stdin: Stdio::from(disk),
            stdout: Stdio::from(OwnedFd::from(theirs)),
            stderr: Stdio::null(),
        };
        let process = jail::spawn(&confinement.executable, &confinement.spec()?, streams)?;
        Ok(Self { _process: process, to, from, disk_bytes })
    }

    /// What the disk holds on the whole; not more than `limit` entries are counted.
    ///
    /// # Errors
    /// [`ConfinedError`]
    pub fn survey(&mut self, limit: u64) -> Result<Survey, ConfinedError> {
        self.ask(&Question::Survey { limit })?;
        self.end(|_, _| Err(ConfinedError::Nonsense("content where none was asked for")))
    }

    /// What is in a directory, whose `path` is relative to `/workspace`; something else is listed itself.
    ///
    /// # Errors
    /// [`ConfinedError`]
    pub fn list(
        &mut self,
        path: &GuestPath,
        recursive: bool,
        limit: u64,
    ) -> Result<Listing, ConfinedError> {
        self.ask(&Question::List { path: path.clone(), recursive, limit })?;
        let mut entries: Vec<Entry> = Vec::new();
        let done: ListDone = self.end(|frame, bytes| {
            if frame != Frame::Item || entries.len() as u64 == limit {
                return Err(ConfinedError::Nonsense("more entries than were asked for"));
            }
            let entry: Entry = parse(&bytes)?;
            check::entry(&entry)
                .and_then(|()| check::order(&entry.path, entries.last().map(|last| &last.path)))
                .map_err(ConfinedError::Nonsense)?;
            entries.push(entry);
            Ok(())
        })?;
        Ok(Listing { entries, truncated: done.truncated })
    }

    /// Gives `take`, step by step, what an export of a path below `/workspace` is made of: what is in a
    /// directory and in those below, but not what is in a `.git`; something else than a directory is told
    /// itself. Returns whether there is more, beyond `limit` entries or under paths that are too long.
    ///
    /// # Errors
    /// [`ConfinedError`], refused also where the file system was not brought into order; and what `take` says.
    pub fn plan<E: From<ConfinedError>>(
        &mut self,
        path: &GuestPath,
        limit: u64,
        mut take: impl FnMut(Planned<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        self.ask(&Question::Plan { path: path.clone(), limit })?;
        let mut steps = Steps::of(path, self.disk_bytes);
        let done: ListDone = self.end(|frame, bytes| match frame {
            Frame::Item => take(steps.entry(parse(&bytes)?)?),
            Frame::Runs => read_runs(&bytes)?.try_for_each(|run| take(steps.run(run)?)),
            _ => Err(ConfinedError::Nonsense("content where none was asked for").into()),
        })?;
        Ok(done.truncated)
    }

    /// Gives `take` a part of a file's content, piece by piece, and says how long the whole file is.
    ///
    /// # Errors
    /// [`ConfinedError`]
    pub fn read(
        &mut self,
        path: &GuestPath,
        offset: u64,
        length: u64,
        mut take: impl FnMut(&[u8]),
    ) -> Result<u64, ConfinedError> {
        self.ask(&Question::Read { path: path.clone(), offset, length })?;
        let mut left = length;
        let end: FileEnd = self.end(|frame, piece| {
            let is_due = frame == Frame::Piece && piece.len() as u64 <= left;
            if !is_due {
                return Err(ConfinedError::Nonsense("more of a file than was asked for"));
            }
            left -= piece.len() as u64;
            take(&piece);
            Ok(())
        })?;
        Ok(end.size)
    }

    fn ask(&mut self, question: &Question) -> Result<(), ConfinedError> {
        let mut line =
            serde_json::to_vec(question).map_err(|error| ConfinedError::Channel(error.into()))?;
        line.push(b'\n');
        if line.len() as u64 > MAX_QUESTION {
            return Err(ConfinedError::Channel(ErrorKind::InvalidInput.into()));
        }
        self.to.write_all(&line).map_err(|error| lost(&error))
    }

    /// Reads frames up to the end, and what that says.
    fn end<T: DeserializeOwned, E: From<ConfinedError>>(
        &mut self,
        mut other: impl FnMut(Frame, Vec<u8>) -> Result<(), E>,
    ) -> Result<T, E> {
        loop {
            match read(&mut self.from).map_err(|error| lost(&error))? {
                (Frame::End, bytes) => return Ok(parse(&bytes)?),
                (Frame::Refusal, bytes) => {
                    return Err(ConfinedError::refused(&parse(&bytes)?).into());
                }
                (frame, bytes) => other(frame, bytes)?,
            }
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ConfinedError> {
    serde_json::from_slice(bytes).map_err(|_| ConfinedError::Nonsense("words that cannot be read"))
}

fn lost(error: &std::io::Error) -> ConfinedError {
    match error.kind() {
        ErrorKind::InvalidData => ConfinedError::Nonsense("a frame that cannot be"),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            ConfinedError::Lost("said nothing for two minutes")
        }
        _ => ConfinedError::Lost("ended without an answer"),
    }
}
