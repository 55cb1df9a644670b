//! The archive that the guest unpacks: GNU format, because its long names hold any byte. Everybody is
//! root in it, and no file is set-user-id. Every entry is counted against the limits here, whatever
//! source it comes from.

use super::SeedError;
use super::limits::{SeedLimits, Tally};
use super::outlet::Outlet;
use super::seeded::Seeded;
use rustix::fs::{SeekFrom, Stat};
use rustix::io::Errno;
use std::fs::File;
use std::io::Read;
use tar::{EntryType, Header};

const RECORD: u64 = 512;
/// Read, write and execute for everybody: set-user-id, set-group-id and sticky are taken away.
const PERMISSIONS: u32 = 0o777;
/// The end of an archive: two empty records (POSIX ustar).
const END: u64 = 2 * RECORD;

/// Mode and time of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) mode: u32,
    /// Seconds since 1970; earlier times become 1970.
    pub(super) mtime: i64,
}

impl From<&Stat> for Facts {
    fn from(stat: &Stat) -> Self {
        Self { mode: stat.st_mode, mtime: stat.st_mtime }
    }
}

/// Writes entries, and remembers what is to be reported.
#[derive(Debug)]
pub(super) struct Packer {
    outlet: Outlet,
    pub(super) tally: Tally,
    pub(super) seeded: Seeded,
}

/// What became of a file's content while it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// As long as announced.
    Whole,
    /// Shorter: the rest was filled with zeros.
    Shrank,
}

impl Packer {
    pub(super) fn new(outlet: Outlet, limits: SeedLimits, mode: &'static str) -> Self {
        let seeded = Seeded { mode, ..Seeded::default() };
        Self { outlet, tally: Tally::new(limits), seeded }
    }

    pub(super) fn directory(&mut self, path: &[u8], facts: Facts) -> Result<(), SeedError> {
        self.tally.count(path, 0)?;
        self.header(EntryType::Directory, path, b"", facts, 0)
    }

    pub(super) fn symlink(
        &mut self,
        path: &[u8],
        target: &[u8],
        facts: Facts,
    ) -> Result<(), SeedError> {
        check_target(path, target)?;
        self.tally.count(path, 0)?;
        self.header(EntryType::Symlink, path, target, facts, 0)
    }

    /// `target` is the path of an earlier file of this archive.
    pub(super) fn hard_link(
        &mut self,
        path: &[u8],
        target: &[u8],
        facts: Facts,
    ) -> Result<(), SeedError> {
        check_target(path, target)?;
        self.tally.count(path, 0)?;
        self.header(EntryType::Link, path, target, facts, 0)
    }

    /// A file whose content is at hand.
    pub(super) fn bytes(
        &mut self,
        path: &[u8],
        facts: Facts,
        content: &[u8],
    ) -> Result<(), SeedError> {
        let size = content.len() as u64;
        self.tally.count(path, size)?;
        self.header(EntryType::Regular, path, b"", facts, size)?;
        self.outlet.write(content)?;
        self.pad(size)
    }

    /// A file of the host, as long as `stat` says. The inner error is the file's.
    pub(super) fn file(
        &mut self,
        path: &[u8],
        file: &File,
        stat: &Stat,
    ) -> Result<std::io::Result<Content>, SeedError> {
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        self.tally.count(path, size)?;
        self.header(EntryType::Regular, path, b"", Facts::from(stat), size)?;
        let is_sparse = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512) < size;
        let left = match if is_sparse { self.sparse(file, size)? } else { self.read(file, size)? } {
            Ok(left) => left,
            Err(error) => return Ok(Err(error)),
        };
        self.outlet.zeros(left)?;
        self.pad(size)?;
        Ok(Ok(if left == 0 { Content::Whole } else { Content::Shrank }))
    }

    /// A file whose content a stream brings, which must have `size` bytes.
    pub(super) fn stream(
        &mut self,
        path: &[u8],
        facts: Facts,
        size: u64,
        content: &mut impl Read,
    ) -> Result<std::io::Result<()>, SeedError> {
        self.tally.count(path, size)?;
        self.header(EntryType::Regular, path, b"", facts, size)?;
        let mut block = [0; 16 << 10];
        let mut left = size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
            match content.read(&mut block[..most]) {
                Ok(0) => return Ok(Err(std::io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => {
                    self.outlet.write(&block[..read])?;
                    left -= read as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        self.pad(size)?;
        Ok(Ok(()))
    }

    pub(super) fn finish(mut self) -> Result<Seeded, SeedError> {
        self.outlet.zeros(END)?;
        self.outlet.flush()?;
        let (entry_count, bytes) = (self.tally.entries, self.tally.bytes);
        Ok(Seeded { entry_count, bytes, ..self.seeded })
    }

    /// Reads to `size`; returns how many bytes were missing.
    fn read(&mut self, file: &File, size: u64) -> Result<std::io::Result<u64>, SeedError> {
        let mut left = size;
        while left > 0 {
            match self.outlet.fill(file, left)? {
                Ok(0) => break,
                Ok(read) => left -= read,
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(left))
    }

    /// As [`read`](Self::read), but asks the file system where the holes are instead of reading them.
    fn sparse(&mut self, file: &File, size: u64) -> Result<std::io::Result<u64>, SeedError> {
        let mut at = 0;
        while at < size {
            let data = match rustix::fs::seek(file, SeekFrom::Data(at)) {
                Ok(data) => data.min(size),
                // nothing but a hole up to the end, as long as the file still ends there
                Err(Errno::NXIO) => size.min(length(file)).max(at),
                // a file system that does not know
                Err(_) => at,
            };
            self.outlet.zeros(data - at)?;
            at = data;
            if at == size || at >= length(file) {
                break;
            }
            let hole = rustix::fs::seek(file, SeekFrom::Hole(at)).unwrap_or(size).clamp(at, size);
            if let Err(error) = rustix::fs::seek(file, SeekFrom::Start(at)) {
                return Ok(Err(error.into()));
            }
            let want = if hole == at { size - at } else { hole - at };
            match self.read(file, want)? {
                Ok(0) => at += want,
                Ok(missing) => return Ok(Ok(size - (at + want - missing))),
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(size - at))
    }

    fn header(
        &mut self,
        kind: EntryType,
        path: &[u8],
        target: &[u8],
        facts: Facts,
        size: u64,
    ) -> Result<(), SeedError> {
        let mut header = Header::new_gnu();
        if target.len() > header.as_old().linkname.len() {
            self.long(EntryType::GNULongLink, target)?;
        }
        if path.len() > header.as_old().name.len() {
            self.long(EntryType::GNULongName, path)?;
        }
        header.set_entry_type(kind);
        header.set_mode(facts.mode & PERMISSIONS);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(u64::try_from(facts.mtime).unwrap_or(0));
        header.set_size(size);
        put(&mut header.as_old_mut().name, path);
        put(&mut header.as_old_mut().linkname, target);
        header.set_cksum();
        self.outlet.write(header.as_bytes())
    }

    /// A name that the next header has no room for.
    fn long(&mut self, kind: EntryType, name: &[u8]) -> Result<(), SeedError> {
        let size = name.len() as u64 + 1;
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(size);
        put(&mut header.as_old_mut().name, b"././@LongLink");
        header.set_cksum();
        self.outlet.write(header.as_bytes())?;
        self.outlet.write(name)?;
        self.outlet.write(&[0])?;
        self.pad(size)
    }

    fn pad(&mut self, size: u64) -> Result<(), SeedError> {
        self.outlet.zeros(size.next_multiple_of(RECORD) - size)
    }
}

/// As much of `bytes` as there is room for.
fn put(field: &mut [u8], bytes: &[u8]) {
    let length = bytes.len().min(field.len());
    field[..length].copy_from_slice(&bytes[..length]);
}

fn length(file: &File) -> u64 {
    rustix::fs::fstat(file).map_or(0, |stat| u64::try_from(stat.st_size).unwrap_or(0))
}

/// Targets have the same length limit as paths.
fn check_target(path: &[u8], target: &[u8]) -> Result<(), SeedError> {
    if target.is_empty() || target.len() > 4095 || target.contains(&0) {
        return Err(SeedError::entry(path, "it is a link whose target no system can hold"));
    }
    Ok(())
}
