//! Walks a tree: depth first, the names of a directory by their bytes, a directory before its content.
//! Nothing is followed and no path is resolved twice: every step goes through the descriptor of the
//! directory it is in, so a guest that moves things about meanwhile leads the walk nowhere else.
//! Memory: the names of the directories on the way down.

use super::invalid;
use pyro_proto::Refusal;
use pyro_proto::tree::MAX_PATH;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// How much of a directory is read at once.
const BUFFER: usize = 32 << 10;

/// A walk, and where it is.
#[derive(Debug)]
pub(crate) struct Walk {
    levels: Vec<Level>,
    /// Lists of names to be used again.
    spare: Vec<Names>,
    buffer: Vec<MaybeUninit<u8>>,
    path: Vec<u8>,
    found: Option<Stat>,
    /// Whether the walk goes into what it has found.
    enter: bool,
}

#[derive(Debug)]
struct Level {
    directory: OwnedFd,
    names: Names,
    next: usize,
    /// How much of the path leads here, with its slash.
    prefix: usize,
}

impl Walk {
    /// Of everything in `directory`. The paths begin with `prefix`, which is empty or ends in a slash.
    ///
    /// # Errors
    /// The refusal names the path.
    pub(crate) fn within(directory: OwnedFd, prefix: &[u8]) -> Result<Self, Refusal> {
        let mut walk = Self {
            levels: Vec::new(),
            spare: Vec::new(),
            buffer: vec![MaybeUninit::uninit(); BUFFER],
            path: prefix.to_vec(),
            found: None,
            enter: false,
        };
        walk.descend(directory)?;
        Ok(walk)
    }

    /// Goes on to the next entry; false at the end.
    ///
    /// # Errors
    /// The refusal names the path.
    pub(crate) fn advance(&mut self) -> Result<bool, Refusal> {
        if std::mem::take(&mut self.enter) {
            self.enter_found()?;
        }
        while let Some(level) = self.levels.last_mut() {
            let Some(name) = level.names.get(level.next) else {
                self.spare.extend(self.levels.pop().map(|level| level.names));
                continue;
            };
            level.next += 1;
            self.path.truncate(level.prefix);
            self.path.extend_from_slice(name.to_bytes());
            match rustix::fs::statat(&level.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => {
                    self.enter = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
                    self.found = Some(stat);
                    return short(&self.path).map(|()| true);
                }
                // deleted since its name was read
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(&self.path, error)),
            }
        }
        self.found = None;
        Ok(false)
    }

    /// What was found; none before the first step and after the last.
    pub(crate) fn found(&self) -> Option<Found<'_>> {
        let stat = self.found.as_ref()?;
        let level = self.levels.last()?;
        let name = level.names.get(level.next.checked_sub(1)?)?;
        let directory = level.directory.as_fd();
        Some(Found { stat, directory, name, path: &self.path, depth: self.levels.len() })
    }

    /// Does not go into the directory that was found.
    pub(crate) fn stay_out(&mut self) {
        self.enter = false;
    }

    /// One that is gone by now, or is another thing, is as good as empty.
    fn enter_found(&mut self) -> Result<(), Refusal> {
        let Some(Found { directory, name, .. }) = self.found() else { return Ok(()) };
        match rustix::fs::openat(directory, name, READ_DIRECTORY, Mode::empty()) {
            Ok(directory) => {
                self.path.push(b'/');
                self.descend(directory)
            }
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
            Err(error) => Err(failed(&self.path, error)),
        }
    }

    fn descend(&mut self, directory: OwnedFd) -> Result<(), Refusal> {
        let mut names = self.spare.pop().unwrap_or_default();
        let read = names.read(&directory, &mut self.buffer);
        read.map_err(|error| failed(&self.path, error))?;
        self.levels.push(Level { directory, names, next: 0, prefix: self.path.len() });
        Ok(())
    }
}

/// How a directory is opened to be read, when its name has been looked up before.
pub(crate) const READ_DIRECTORY: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An entry of the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    /// What the kernel says of it.
    pub(crate) stat: &'a Stat,
    /// The directory it is in.
    pub(crate) directory: BorrowedFd<'a>,
    /// Its name there.
    pub(crate) name: &'a CStr,
    /// The prefix, and the names that lead to it.
    pub(crate) path: &'a [u8],
    /// How many names these are.
    pub(crate) depth: usize,
}

/// The names of one directory, sorted; two allocations however many they are.
#[derive(Debug, Default)]
struct Names {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Names {
    fn get(&self, index: usize) -> Option<&CStr> {
        name_at(&self.bytes, *self.starts.get(index)?)
    }

    fn read(&mut self, directory: &OwnedFd, buffer: &mut [MaybeUninit<u8>]) -> Result<(), Errno> {
        let Self { bytes, starts } = self;
        bytes.clear();
        starts.clear();
        let mut entries = RawDir::new(directory, buffer);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes_with_nul();
            if !matches!(name, b".\0" | b"..\0") {
                starts.push(bytes.len());
                bytes.extend_from_slice(name);
            }
        }
        // each name is another and ends in the least of bytes: what follows that never counts
        starts.sort_unstable_by(|one, other| bytes.get(*one..).cmp(&bytes.get(*other..)));
        Ok(())
    }
}

fn name_at(bytes: &[u8], start: usize) -> Option<&CStr> {
    CStr::from_bytes_until_nul(bytes.get(start..)?).ok()
}

/// A longer path could not be named in any request.
fn short(path: &[u8]) -> Result<(), Refusal> {
    if path.len() <= MAX_PATH {
        return Ok(());
    }
    Err(invalid(format!("{} is longer than {MAX_PATH} bytes", path.escape_ascii())))
}

fn failed(path: &[u8], error: Errno) -> Refusal {
    Refusal::from_io(&format!("cannot walk {}", path.escape_ascii()), &error.into())
}
