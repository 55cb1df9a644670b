//! Writes a manifest, record by record.

use super::fingerprint::Fingerprint;
use super::{HEAD, MAGIC};
use crc32c::Crc32cWriter;
use pyro_proto::GuestPath;
use pyro_proto::tree::Kind;
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// A manifest that is being written.
pub(super) struct Writer {
    out: BufWriter<Crc32cWriter<File>>,
    entries: u64,
    bytes: u64,
}

/// What was written.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) checksum: u32,
}

impl Writer {
    /// Begins with the magic.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(64 << 10, Crc32cWriter::new(file));
        out.write_all(&MAGIC)?;
        Ok(Self { out, entries: 0, bytes: MAGIC.len() as u64 })
    }

    /// Writes the next entry; `depth` counts the names of its path.
    pub(super) fn add(
        &mut self,
        depth: usize,
        name: &[u8],
        known: &Fingerprint,
        target: Option<&GuestPath>,
    ) -> io::Result<()> {
        let target = target.map_or(&[][..], GuestPath::as_bytes);
        let number = |n: usize| u16::try_from(n).map(u16::to_le_bytes).map_err(io::Error::other);
        self.out.write_all(&number(depth)?)?;
        self.out.write_all(&number(name.len())?)?;
        self.out.write_all(&number(target.len())?)?;
        self.out.write_all(&kind_number(known.kind).to_le_bytes())?;
        self.out.write_all(&known.mode.to_le_bytes())?;
        self.out.write_all(&known.size.to_le_bytes())?;
        self.out.write_all(&known.mtime.to_le_bytes())?;
        self.out.write_all(&known.ctime.to_le_bytes())?;
        self.out.write_all(&known.inode.to_le_bytes())?;
        self.out.write_all(name)?;
        self.out.write_all(target)?;
        self.entries += 1;
        self.bytes += (HEAD + name.len() + target.len()) as u64;
        Ok(())
    }

    /// Makes it last.
    pub(super) fn finish(self) -> io::Result<Written> {
        let Self { out, entries, bytes } = self;
        let out = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let checksum = out.crc32c();
        out.into_inner().sync_all()?;
        Ok(Written { entries, bytes, checksum })
    }
}

fn kind_number(kind: Option<Kind>) -> u16 {
    match kind {
        None => 0,
        Some(Kind::File) => 1,
        Some(Kind::Directory) => 2,
        Some(Kind::Symlink) => 3,
        Some(Kind::Other) => 4,
    }
}
