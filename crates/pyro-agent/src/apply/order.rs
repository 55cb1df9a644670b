//! Which steps make a patch, and in which order: first away with what goes, then the directories, then what
//! comes, so that a directory may take the place of a file and a file that of a directory.

use super::action::Action;
use super::parent;
use super::stage::{Stage, file_name};
use crate::files::refusal;
use pyro_proto::tree::Rewrite;
use pyro_proto::{GuestPath, Refusal};
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;
use std::collections::BTreeSet;

/// A change whose new content, if it has one, lies in the stage under its number.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) number: usize,
    pub(super) rewrite: Rewrite,
    /// Of the new content.
    pub(super) inode: Option<u64>,
}

/// The steps.
pub(super) fn order(stage: &Stage, staged: &[Staged]) -> Result<Vec<Action>, Refusal> {
    let (mut taken, mut emptied, mut put) = (Vec::new(), Vec::new(), Vec::new());
    let mut missing = BTreeSet::new();
    for Staged { number, rewrite: Rewrite { path, before, .. }, inode } in staged {
        let (path, name) = (path.clone(), number.to_string());
        match (*before, *inode) {
            (Some(before), Some(inode)) => {
                put.push(Action::Exchange { path, name, inode, before });
            }
            (Some(before), None) => {
                taken.push(Action::Take { path, name, before: Some(before) });
            }
            (None, Some(inode)) => {
                let old = stage.look(&path).map_err(|e| refusal("look at", &path, e))?;
                let is_directory = |mode| FileType::from_raw_mode(mode) == FileType::Directory;
                if old.is_some_and(|old| is_directory(old.st_mode)) {
                    let (path, name) = (path.clone(), format!("{number}.old"));
                    emptied.push(Action::Take { path, name, before: None });
                }
                add_missing(stage, &path, &mut missing)?;
                put.push(Action::Put { path, name, inode });
            }
            (None, None) => {}
        }
    }
    // a directory comes before what is in it: its path is a prefix of theirs
    let made = missing.into_iter().map(|path| Action::Make { path });
    Ok(taken.into_iter().chain(emptied).chain(made).chain(put).collect())
}

/// Adds the directories on the way to `path` that are not there.
fn add_missing(
    stage: &Stage,
    path: &GuestPath,
    missing: &mut BTreeSet<GuestPath>,
) -> Result<(), Refusal> {
    let mut next = parent(path);
    while let Some(directory) = next {
        match stage.place(Some(&directory)) {
            Ok(_) => return Ok(()),
            // a file or a link in the way may go with the same patch; if not, the directory is not made
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) if !missing.contains(&directory) => {}
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
            Err(error) => return Err(refusal("go to", &directory, error)),
        }
        next = parent(&directory);
        missing.insert(directory);
    }
    Ok(())
}

/// Removes the directories that the deletions have left empty, as git does.
pub(super) fn remove_emptied(stage: &Stage, staged: &[Staged]) {
    for Staged { rewrite, inode, .. } in staged {
        let mut next = parent(&rewrite.path).filter(|_| inode.is_none());
        while let Some(directory) = next {
            let above = parent(&directory);
            let removed = stage.place(above.as_ref()).and_then(|place| {
                rustix::fs::unlinkat(place, file_name(&directory), AtFlags::REMOVEDIR)
            });
            next = above.filter(|_| removed.is_ok());
        }
    }
}
