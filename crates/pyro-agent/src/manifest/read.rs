//! Reads a manifest, record by record. Its bytes have lain in the guest's hands: nothing in them is
//! believed before the checksum at the end, and until then they cost no more than their length.

use super::fingerprint::Fingerprint;
use super::{HEAD, MAGIC};
use crc32c::Crc32cReader;
use pyro_proto::GuestPath;
use pyro_proto::tree::{Facts, Kind, MAX_PATH};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// A manifest, and where its reader is.
pub(super) struct Reader {
    input: BufReader<Crc32cReader<File>>,
    /// The current entry's path, without a slash at either end.
    path: Vec<u8>,
    /// How much of the path the names up to each depth make.
    ends: Vec<usize>,
    target: Vec<u8>,
    known: Option<Fingerprint>,
}

/// An entry as the manifest has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    pub(super) depth: usize,
    pub(super) name: &'a [u8],
    pub(super) path: &'a [u8],
    pub(super) fingerprint: &'a Fingerprint,
    target: &'a [u8],
}

impl Record<'_> {
    /// What the host is told of it; none for a `.git`.
    pub(super) fn facts(&self) -> Option<Facts> {
        let is_link = self.fingerprint.kind == Some(Kind::Symlink);
        self.fingerprint.facts(is_link.then(|| GuestPath::new(self.target)))
    }
}

impl Reader {
    /// Begins to read.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(64 << 10, Crc32cReader::new(file));
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic)?;
        if magic != MAGIC {
            return Err(damaged());
        }
        Ok(Self { input, path: Vec::new(), ends: Vec::new(), target: Vec::new(), known: None })
    }

    /// Goes on to the next record; false at the end.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.known = None;
        if self.input.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let mut head = [0; HEAD];
        self.input.read_exact(&mut head)?;
        let mut head = Head(&head);
        let depth = usize::from(head.short()?);
        let (name, target) = (usize::from(head.short()?), usize::from(head.short()?));
        self.known = Some(head.fingerprint()?);
        self.name(depth, name)?;
        self.target.clear();
        self.target.resize(target, 0);
        self.input.read_exact(&mut self.target)?;
        Ok(true)
    }

    /// The record; none before the first step and after the last.
    pub(super) fn record(&self) -> Option<Record<'_>> {
        let fingerprint = self.known.as_ref()?;
        let depth = self.ends.len();
        let start = depth.checked_sub(2).and_then(|above| self.ends.get(above));
        let name = self.path.get(start.map_or(0, |end| end + 1)..)?;
        Some(Record { depth, name, path: &self.path, fingerprint, target: &self.target })
    }

    /// The checksum of what was read; only after the last step is that the whole file.
    pub(super) fn checksum(&self) -> u32 {
        self.input.get_ref().crc32c()
    }

    fn name(&mut self, depth: usize, length: usize) -> io::Result<()> {
        let above = depth.checked_sub(1).ok_or_else(damaged)?;
        if above > self.ends.len() {
            return Err(damaged());
        }
        self.ends.truncate(above);
        self.path.truncate(self.ends.last().copied().unwrap_or(0));
        if above > 0 {
            self.path.push(b'/');
        }
        let start = self.path.len();
        let end = start + length;
        if end > MAX_PATH {
            return Err(damaged());
        }
        self.path.resize(end, 0);
        self.input.read_exact(self.path.get_mut(start..).unwrap_or_default())?;
        self.ends.push(end);
        Ok(())
    }
}

/// What is left of a record's head.
#[derive(Debug)]
struct Head<'a>(&'a [u8]);

impl Head<'_> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn short(&mut self) -> io::Result<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn fingerprint(&mut self) -> io::Result<Fingerprint> {
        let kind = match self.short()? {
            0 => None,
            1 => Some(Kind::File),
            2 => Some(Kind::Directory),
            3 => Some(Kind::Symlink),
            4 => Some(Kind::Other),
            _ => return Err(damaged()),
        };
        Ok(Fingerprint {
            kind,
            mode: u32::from_le_bytes(self.take()?),
            size: u64::from_le_bytes(self.take()?),
            mtime: i64::from_le_bytes(self.take()?),
            ctime: i64::from_le_bytes(self.take()?),
            inode: u64::from_le_bytes(self.take()?),
        })
    }
}

fn damaged() -> io::Error {
    io::Error::other("it is damaged")
}
