//! A tar archive as a stream of members, with GNU and pax extensions resolved. Header fields are
//! read by the `tar` crate; the walk over members is ours, because that crate reads extension
//! records of any claimed length into memory.

use super::pax::Pax;
use super::{ArchiveError, Xattrs};
use std::io::{self, Read};
use tar::{EntryType, Header};

const RECORD: u64 = 512;

/// One member of the archive, its contents aside.
pub(crate) struct Member {
    pub(crate) header: Header,
    pub(crate) kind: EntryType,
    pub(crate) path: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: i64,
    pub(crate) xattrs: Xattrs,
}

/// Reads members one after another.
pub(crate) struct Members<R> {
    reader: Counted<R>,
    max_extension: u64,
    global: Pax,
    /// Unread bytes of the current member, and of the padding behind it.
    contents: u64,
    padding: u64,
}

impl<R: Read> Members<R> {
    pub(crate) fn new(reader: R, max_extension: u64) -> Self {
        let reader = Counted { inner: reader, position: 0 };
        Self { reader, max_extension, global: Pax::default(), contents: 0, padding: 0 }
    }

    /// The next member, `None` at the end-of-archive mark. What was left unread of the one before
    /// is skipped.
    pub(crate) fn next_member(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut pax = self.global.clone();
        let mut long_name = None;
        let mut long_link = None;
        while let Some(header) = self.next_header()? {
            match header.entry_type() {
                EntryType::GNULongName => long_name = Some(self.long_name(&header)?),
                EntryType::GNULongLink => long_link = Some(self.long_name(&header)?),
                EntryType::XHeader => {
                    let records = self.extension(&header)?;
                    pax.apply(&records).map_err(|what| self.malformed(what))?;
                }
                EntryType::XGlobalHeader => {
                    let records = self.extension(&header)?;
                    let apply = |pax: &mut Pax| pax.apply(&records);
                    apply(&mut self.global).map_err(|what| self.malformed(what))?;
                    // Defaults that could pile up from header to header are not kept.
                    self.global.xattrs.clear();
                    apply(&mut pax).map_err(|what| self.malformed(what))?;
                }
                _ => return self.member(header, pax, long_name, long_link).map(Some),
            }
        }
        if long_name.is_some() || long_link.is_some() {
            return Err(self.malformed("a long name is followed by no member"));
        }
        Ok(None)
    }

    /// The current member's contents.
    pub(crate) fn contents(&mut self) -> impl Read + '_ {
        Contents { reader: &mut self.reader, left: &mut self.contents }
    }

    /// What follows the end-of-archive mark.
    pub(crate) fn into_rest(self) -> impl Read {
        self.reader
    }

    /// Reads on to the end of the stream, so that whoever fills a pipe can finish.
    pub(crate) fn drain(mut self) -> Result<(), ArchiveError> {
        io::copy(&mut self.reader, &mut io::sink()).map_err(ArchiveError::Read)?;
        Ok(())
    }

    fn member(
        &mut self,
        header: Header,
        pax: Pax,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Member, ArchiveError> {
        let path = pax.path.or(long_name).unwrap_or_else(|| header.path_bytes().into_owned());
        if pax.sparse || header.entry_type().is_gnu_sparse() {
            return Err(ArchiveError::Unsupported {
                path: path.escape_ascii().to_string(),
                what: "a sparse member; make the archive without --sparse".into(),
            });
        }
        let header_link = || header.link_name_bytes().map(std::borrow::Cow::into_owned);
        let link = pax.link.or(long_link).or_else(header_link).unwrap_or_default();
        let uid = pax.uid.map_or_else(|| header.uid(), Ok).map_err(|e| self.field(&e))?;
        let gid = pax.gid.map_or_else(|| header.gid(), Ok).map_err(|e| self.field(&e))?;
        let header_time = || header.mtime().map(u64::cast_signed);
        let mtime = pax.mtime.map_or_else(header_time, Ok).map_err(|e| self.field(&e))?;
        let stored =
            pax.size.map_or_else(|| header.entry_size(), Ok).map_err(|e| self.field(&e))?;
        // Other types have no contents, whatever their size field says (POSIX ustar, typeflag).
        let has_contents =
            matches!(header.entry_type(), EntryType::Regular | EntryType::Continuous);
        let size = if has_contents { stored } else { 0 };
        let kind = kind(&header, &path);
        self.begin(size)?;
        let owner = |id: u64| {
            u32::try_from(id).map_err(|_| ArchiveError::Unsupported {
                path: path.escape_ascii().to_string(),
                what: format!("owner {id}"),
            })
        };
        let (uid, gid) = (owner(uid)?, owner(gid)?);
        Ok(Member { header, kind, path, link, size, uid, gid, mtime, xattrs: pax.xattrs })
    }

    /// The next header of any kind, its checksum verified.
    fn next_header(&mut self) -> Result<Option<Header>, ArchiveError> {
        self.skip(self.contents.saturating_add(self.padding))?;
        (self.contents, self.padding) = (0, 0);
        let mut header = Header::new_old();
        self.reader.read_exact(header.as_mut_bytes()).map_err(ArchiveError::reading)?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let sum: u32 = (0..).zip(header.as_bytes()).fold(0, |sum, (at, byte)| {
            sum + u32::from(if (148..156).contains(&at) { b' ' } else { *byte })
        });
        if header.cksum().map_err(|error| self.field(&error))? != sum {
            return Err(self.malformed("not a tar header"));
        }
        Ok(Some(header))
    }

    fn long_name(&mut self, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let mut name = self.extension(header)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        Ok(name)
    }

    fn extension(&mut self, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let size = header.entry_size().map_err(|error| self.field(&error))?;
        if size > self.max_extension {
            return Err(ArchiveError::LongExtension { limit: self.max_extension });
        }
        self.begin(size)?;
        let mut bytes = Vec::new();
        self.contents().read_to_end(&mut bytes).map_err(ArchiveError::reading)?;
        Ok(bytes)
    }

    fn begin(&mut self, size: u64) -> Result<(), ArchiveError> {
        let end = size.checked_next_multiple_of(RECORD);
        let end = end.ok_or_else(|| self.malformed("a size beyond 64 bits"))?;
        (self.contents, self.padding) = (size, end - size);
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        let mut skipped = (&mut self.reader).take(bytes);
        let count = io::copy(&mut skipped, &mut io::sink()).map_err(ArchiveError::Read)?;
        if count < bytes { Err(ArchiveError::CutOff) } else { Ok(()) }
    }

    fn field(&self, error: &io::Error) -> ArchiveError {
        self.malformed(error.to_string())
    }

    fn malformed(&self, what: impl Into<String>) -> ArchiveError {
        ArchiveError::Malformed { offset: self.reader.position, what: what.into() }
    }
}

/// Archives older than POSIX mark a directory only by a slash behind its name.
fn kind(header: &Header, path: &[u8]) -> EntryType {
    match header.entry_type() {
        EntryType::Regular if path.ends_with(b"/") => EntryType::Directory,
        kind => kind,
    }
}

struct Counted<R> {
    inner: R,
    position: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// The current member's contents; their end is an error where the stream ends before.
struct Contents<'a, R> {
    reader: &'a mut Counted<R>,
    left: &'a mut u64,
}

impl<R: Read> Read for Contents<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.by_ref().take(*self.left).read(buffer)?;
        *self.left -= count as u64;
        if count == 0 && *self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(count)
    }
}
