//! From a tar stream to an image: each member becomes one call of the writer.

use super::writer::{DeviceKind, Metadata, Writer};
use super::{ErofsError, Limits, Summary, printable};
use crate::archive::{Member, Members};
use std::fs::File;
use std::io::{BufReader, Read};
use tar::EntryType;

/// The observer hears of progress once per this many bytes.
const PROGRESS_STEP: u64 = 1 << 20;
const BUFFER: usize = 256 << 10;

/// Writes the archive `tar` (GNU, pax or ustar, not compressed) as an EROFS image into `image`,
/// which is emptied first; contents are streamed. `progress` hears how many bytes of the archive
/// have been read. Names are taken relative to the image's root; an entry replaces an earlier one
/// of the same name. The stream is read to its end. Bringing the image to stable storage is left
/// to whoever gives it its final name.
///
/// # Errors
/// [`ErofsError`]; the image is then unusable.
pub fn write_from_tar(
    tar: impl Read,
    image: &File,
    limits: &Limits,
    progress: &mut dyn FnMut(u64),
) -> Result<Summary, ErofsError> {
    let reported = Reported { inner: tar, bytes: 0, next: PROGRESS_STEP, progress };
    let reader = BufReader::with_capacity(BUFFER, reported);
    let mut members = Members::new(reader, limits.max_extension);
    let mut writer = Writer::new(image, limits.clone())?;
    while let Some(member) = members.next_member()? {
        add_member(&mut writer, member, &mut members.contents())?;
    }
    members.drain()?;
    writer.finish()
}

/// Adds one member of an archive.
pub(in crate::environment) fn add_member(
    writer: &mut Writer<'_>,
    mut member: Member,
    mut contents: impl Read,
) -> Result<(), ErofsError> {
    let path = &member.path;
    let metadata = Metadata {
        permissions: permissions(&member)?,
        uid: member.uid,
        gid: member.gid,
        mtime: member.mtime,
        xattrs: std::mem::take(&mut member.xattrs),
    };
    match member.kind {
        EntryType::Directory => writer.directory(path, metadata),
        EntryType::Regular | EntryType::Continuous => {
            writer.file(path, metadata, member.size, &mut contents)
        }
        EntryType::Symlink => writer.symlink(path, metadata, &member.link),
        EntryType::Link => writer.hard_link(path, &member.link),
        EntryType::Char => {
            writer.device(path, metadata, DeviceKind::Character, device_numbers(&member)?)
        }
        EntryType::Block => {
            writer.device(path, metadata, DeviceKind::Block, device_numbers(&member)?)
        }
        EntryType::Fifo => writer.fifo(path, metadata),
        other => Err(ErofsError::Unsupported {
            path: printable(path),
            what: format!("a member of type {:?}", char::from(other.as_byte())),
        }),
    }
}

fn permissions(member: &Member) -> Result<u16, ErofsError> {
    let mode = member.header.mode().map_err(|error| bad_field(member, &error))?;
    Ok(u16::try_from(mode & 0o7777).unwrap_or_default())
}

fn device_numbers(member: &Member) -> Result<(u32, u32), ErofsError> {
    let major = member.header.device_major().map_err(|error| bad_field(member, &error))?;
    let minor = member.header.device_minor().map_err(|error| bad_field(member, &error))?;
    Ok((major.unwrap_or(0), minor.unwrap_or(0)))
}

fn bad_field(member: &Member, error: &std::io::Error) -> ErofsError {
    ErofsError::Unsupported { path: printable(&member.path), what: error.to_string() }
}

/// Tells the observer how far the archive has been read.
struct Reported<'p, R> {
    inner: R,
    bytes: u64,
    next: u64,
    progress: &'p mut dyn FnMut(u64),
}

impl<R: Read> Read for Reported<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        if self.bytes >= self.next || count == 0 {
            (self.progress)(self.bytes);
            self.next = self.bytes + PROGRESS_STEP;
        }
        Ok(count)
    }
}
