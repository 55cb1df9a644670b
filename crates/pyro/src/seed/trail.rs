//! The way from the top of a source down to where it is being read: open directories, of which only
//! the last few are kept open, because trees are deeper than a process may have files.

use crate::hostfs::{Directory, FileId};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Directories above the current one that stay open.
const WINDOW: usize = 32;

/// A position in a tree.
#[derive(Debug)]
pub(super) struct Trail {
    top: Directory,
    above: Vec<Above>,
    here: Directory,
    path: Vec<u8>,
}

/// A directory on the way to the current one.
#[derive(Debug)]
struct Above {
    /// `None` when it had to be closed; its identity tells whether what is reopened is the same.
    directory: Option<Directory>,
    id: FileId,
    /// Length of its path.
    length: usize,
}

impl Trail {
    pub(super) fn new(top: Directory) -> Result<Self, Errno> {
        let here = top.duplicate()?;
        Ok(Self { top, above: Vec::new(), here, path: Vec::new() })
    }

    /// The current directory.
    pub(super) fn here(&self) -> &Directory {
        &self.here
    }

    /// Its path from the top, without slashes around it.
    pub(super) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The path of a name in it.
    pub(super) fn path_of(&self, name: &OsStr) -> Vec<u8> {
        let mut path = Vec::with_capacity(self.path.len() + 1 + name.len());
        path.extend_from_slice(&self.path);
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        path
    }

    /// Goes down into `name`.
    ///
    /// # Errors
    /// Those of [`Directory::enter`]; the position is then as before.
    pub(super) fn enter(&mut self, name: &OsStr) -> Result<(), Errno> {
        let below = self.here.enter(name)?;
        let id = FileId::from(&self.here.status()?);
        let length = self.path.len();
        self.path = self.path_of(name);
        let above = std::mem::replace(&mut self.here, below);
        self.above.push(Above { directory: Some(above), id, length });
        if let Some(far) = self.above.len().checked_sub(WINDOW + 1) {
            self.above[far].directory = None;
        }
        Ok(())
    }

    /// Goes up one directory.
    ///
    /// # Errors
    /// `ESTALE` where it had been closed and something else is in its place now; the position is
    /// then one up, but [`here`](Self::here) is not to be read from: go up again.
    pub(super) fn leave(&mut self) -> Result<(), Errno> {
        let Some(above) = self.above.pop() else { return Ok(()) };
        self.path.truncate(above.length);
        self.here = match above.directory {
            Some(directory) => directory,
            None => {
                let again = self.top.descend(Path::new(OsStr::from_bytes(&self.path)))?;
                if FileId::from(&again.status()?) != above.id {
                    return Err(Errno::STALE);
                }
                again
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_way_back_is_found_again_and_a_swapped_one_is_noticed() {
        let top = tempfile::tempdir().unwrap();
        let deep: std::path::PathBuf = std::iter::repeat_n("d", 3 * WINDOW).collect();
        std::fs::create_dir_all(top.path().join(&deep)).unwrap();
        let walk = || {
            let mut trail = Trail::new(Directory::open(top.path()).unwrap()).unwrap();
            for _ in 0..3 * WINDOW {
                trail.enter("d".as_ref()).unwrap();
            }
            trail
        };
        let mut trail = walk();
        let open = trail.above.iter().filter(|above| above.directory.is_some()).count();
        assert_eq!(open, WINDOW);
        for _ in 0..3 * WINDOW {
            trail.leave().unwrap();
        }
        assert!(trail.path().is_empty());

        let mut trail = walk();
        std::fs::rename(top.path().join("d"), top.path().join("old")).unwrap();
        std::os::unix::fs::symlink("old", top.path().join("d")).unwrap();
        let errors: Vec<_> = (0..3 * WINDOW).filter_map(|_| trail.leave().err()).collect();
        assert!(errors.contains(&Errno::LOOP), "{errors:?}");
    }
}
