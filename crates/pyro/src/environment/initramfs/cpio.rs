//! The "newc" cpio format, as the kernel unpacks it (`Documentation/driver-api/early-userspace/
//! buffer-format.rst`). No crate that is kept well writes device nodes.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};

const MAGIC: &str = "070701";
const HEADER: usize = 110;
const TRAILER: &str = "TRAILER!!!";
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const CHARACTER: u32 = 0o020_000;

/// An archive being written. Paths are absolute; missing parents are made.
pub(super) struct Archive<W: Write> {
    out: BufWriter<W>,
    directories: BTreeSet<String>,
    inode: u32,
}

impl<W: Write> Archive<W> {
    pub(super) fn new(out: W) -> Self {
        let out = BufWriter::with_capacity(256 << 10, out);
        Self { out, directories: BTreeSet::from(["/".into(), String::new()]), inode: 0 }
    }

    pub(super) fn directory(&mut self, path: &str) -> io::Result<()> {
        if !self.directories.insert(path.to_owned()) {
            return Ok(());
        }
        self.parents(path)?;
        self.entry(path, DIRECTORY | 0o755, (0, 0), &[])
    }

    pub(super) fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
        self.parents(path)?;
        self.entry(path, REGULAR | mode, (0, 0), bytes)
    }

    pub(super) fn character_device(
        &mut self,
        path: &str,
        mode: u32,
        number: (u32, u32),
    ) -> io::Result<()> {
        self.parents(path)?;
        self.entry(path, CHARACTER | mode, number, &[])
    }

    /// Writes the trailer and gives back what was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.entry(TRAILER, 0, (0, 0), &[])?;
        self.out.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn parents(&mut self, path: &str) -> io::Result<()> {
        match path.rsplit_once('/') {
            Some((parent, _)) => self.directory(parent),
            None => Ok(()),
        }
    }

    fn entry(
        &mut self,
        path: &str,
        mode: u32,
        (major, minor): (u32, u32),
        bytes: &[u8],
    ) -> io::Result<()> {
        let name = path.trim_start_matches('/');
        let size = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let (owner, links, time, checksum, device) = (0, 1, 0, 0, 0);
        self.inode += 1;
        write!(self.out, "{MAGIC}{:08x}{mode:08x}{owner:08x}{owner:08x}{links:08x}", self.inode)?;
        write!(self.out, "{time:08x}{size:08x}{device:08x}{device:08x}{major:08x}{minor:08x}")?;
        write!(self.out, "{:08x}{checksum:08x}{name}\0", name.len() + 1)?;
        self.align(HEADER + name.len() + 1)?;
        self.out.write_all(bytes)?;
        self.align(bytes.len())
    }

    /// Header with name, and content, each end at a multiple of four bytes.
    fn align(&mut self, written: usize) -> io::Result<()> {
        self.out.write_all(&[0; 3][..written.next_multiple_of(4) - written])
    }
}
