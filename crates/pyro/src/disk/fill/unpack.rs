//! What becomes of an archive's entries: where each goes, and which mode and time it has in the end.

use super::tree::Tree;
use super::{FillError, Filled};
use crate::archive::Member;
use std::io::Read;
use tar::EntryType;

/// Set-user-id, set-group-id, sticky and the nine permission bits.
const PERMISSIONS: u16 = 0o7777;
/// The longest target that a link has (`PATH_MAX` of linux/limits.h), and the longest name.
const MAX_TARGET: usize = 4095;
const MAX_NAME: usize = 255;

/// An archive that is being unpacked.
#[derive(Debug)]
pub(super) struct Unpacking<'v, 'd> {
    tree: Tree<'v, 'd>,
    filled: Filled,
    /// Directories that more entries may go into, outermost first: modes and times are set after
    /// that. An archive that comes back to a directory later changes its time, as with any tar.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    path: Vec<u8>,
    inode: u32,
    facts: (u16, i64),
}

impl<'v, 'd> Unpacking<'v, 'd> {
    pub(super) fn new(tree: Tree<'v, 'd>) -> Self {
        Self { tree, filled: Filled { entries: 0, bytes: 0 }, open: Vec::new() }
    }

    pub(super) fn member(
        &mut self,
        member: &Member,
        content: &mut impl Read,
    ) -> Result<(), FillError> {
        let path = inner(&member.path)?;
        if path.is_empty() {
            // the directory itself stays as it is
            return Ok(());
        }
        self.leave_all_but(&path);
        let mode = member.header.mode().map_err(FillError::source)? & u32::from(PERMISSIONS);
        let facts = (u16::try_from(mode).unwrap_or(PERMISSIONS), member.mtime);
        match member.kind {
            EntryType::Regular | EntryType::Continuous => {
                self.tree.file(&path, facts, member.size, content)?;
                self.filled.bytes += member.size;
            }
            EntryType::Directory => {
                let inode = self.tree.directory(&path)?;
                self.open.push(Open { path, inode, facts });
            }
            EntryType::Symlink if (1..=MAX_TARGET).contains(&member.link.len()) => {
                self.tree.symlink(&path, &member.link, member.mtime)?;
            }
            EntryType::Link => self.tree.link(&path, &inner(&member.link)?)?,
            _ => return Err(FillError::entry(&path, "it is nothing that a workspace can hold")),
        }
        self.filled.entries += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Filled {
        self.leave_all_but(b"");
        self.filled
    }

    /// Completes the open directories that `next` does not lie in.
    fn leave_all_but(&mut self, next: &[u8]) {
        while let Some(last) = self.open.pop_if(|last| !is_within(next, &last.path)) {
            self.tree.describe(last.inode, last.facts);
        }
    }
}

fn is_within(path: &[u8], directory: &[u8]) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
}

/// The path without `.`; one that leads outside is refused, and so is one with a name that is too long.
fn inner(raw: &[u8]) -> Result<Vec<u8>, FillError> {
    if raw.starts_with(b"/") || raw.split(|b| *b == b'/').any(|part| part == b"..") {
        return Err(FillError::entry(raw, "it leads outside"));
    }
    let parts = raw.split(|b| *b == b'/').filter(|part| !matches!(part, [] | [b'.']));
    let parts: Vec<_> = parts.collect();
    if parts.iter().any(|part| part.len() > MAX_NAME || part.contains(&0)) {
        return Err(FillError::entry(raw, "its name is longer than 255 bytes or has a NUL byte"));
    }
    Ok(parts.join(&b'/'))
}
