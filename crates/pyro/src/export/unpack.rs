//! The guest's archive, entry by entry.

use super::{Entry, ExportError, Maker, What};
use crate::archive::{Member, Members};
use std::io::Read;
use tar::EntryType;

/// Bytes of one extended header: a path, a link's target and some words.
const MAX_EXTENSION: u64 = 64 << 10;

/// Tells `maker` what is in the archive, up to its end.
pub(super) fn unpack(archive: impl Read, maker: &mut Maker<'_>) -> Result<(), ExportError> {
    let mut members = Members::new(archive, MAX_EXTENSION);
    let mut buffer = Vec::new();
    while let Some(member) = members.next_member()? {
        let entry = Entry { path: &member.path, what: what(&member) };
        if let Some(file) = maker.make(&entry)? {
            file.fill(members.contents(), &mut buffer)?;
        }
    }
    members.drain()?;
    Ok(())
}

fn what(member: &Member) -> What<'_> {
    match member.kind {
        EntryType::Directory => What::Directory,
        EntryType::Symlink => What::Link { target: &member.link },
        EntryType::Regular | EntryType::Continuous => {
            let executable = member.header.mode().is_ok_and(|mode| mode & 0o100 != 0);
            What::File { size: member.size, executable }
        }
        _ => What::Other,
    }
}
