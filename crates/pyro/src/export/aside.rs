//! A directory beside the place that an export is for, in which it is made. It is locked as long as somebody
//! works in it; one that nobody has locked was left by a killed process, and the next export there removes it.

use super::{ExportError, ExportTarget};
use crate::error::AtPath;
use crate::hostfs::{Directory, FileId};
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, RenameFlags};
use rustix::io::Errno;
use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;

/// What every such directory is called, before its number.
const PREFIX: &str = ".pyro-export-";
/// What is made in it.
pub(super) const CONTENT: &str = "content";

/// The directory. When dropped, it is gone with all that is in it.
#[derive(Debug)]
pub(super) struct Aside<'t> {
    target: &'t ExportTarget,
    name: String,
    pub(super) directory: Directory,
}

impl<'t> Aside<'t> {
    /// Makes one, after removing those that nobody works in.
    pub(super) fn create(target: &'t ExportTarget) -> Result<Self, ExportError> {
        // what cannot be removed is no obstacle
        let _ = sweep(&target.parent);
        loop {
            let mut number = [0; 8];
            getrandom::fill(&mut number).map_err(std::io::Error::other).at("name", &target.path)?;
            let name = format!("{PREFIX}{}", hex::encode(number));
            let path = target.path.with_file_name(&name);
            match rustix::fs::mkdirat(&target.parent, &name, Mode::from_raw_mode(0o700)) {
                Err(Errno::EXIST) => continue,
                made => made.at("make", &path)?,
            }
            let directory = target.parent.enter(OsStr::new(&name)).at("open", &path)?;
            let aside = Self { target, name, directory };
            if lock(&aside.directory) && aside.is_there() {
                return Ok(aside);
            }
            // an export that began at the same moment has taken it for abandoned
        }
    }

    fn is_there(&self) -> bool {
        let there = self.target.parent.look(OsStr::new(&self.name));
        let ours = self.directory.status();
        matches!((there, ours), (Ok(there), Ok(ours)) if FileId::from(&there) == FileId::from(&ours))
    }

    /// Gives what was made its name, once it is known to hold no secret. What has it already is in the way, or takes its place here if it is to be
    /// replaced.
    pub(super) fn put(&self, overwrite: bool) -> Result<(), ExportError> {
        let ExportTarget { parent, name, path, inspection } = self.target;
        inspection.pass(&self.directory, OsStr::new(CONTENT), path)?;
        let rename =
            |flags| rustix::fs::renameat_with(&self.directory, CONTENT, parent, name, flags);
        let mut put = rename(RenameFlags::NOREPLACE);
        if overwrite && put == Err(Errno::EXIST) {
            put = rename(RenameFlags::EXCHANGE);
        }
        match put {
            Err(Errno::EXIST) => Err(ExportError::Exists { path: path.clone() }),
            put => Ok(put.and_then(|()| rustix::fs::fsync(parent)).at("move into place", path)?),
        }
    }
}

impl Drop for Aside<'_> {
    fn drop(&mut self) {
        // what stays is swept by the next export
        let _ = remove(&self.target.parent, OsStr::new(&self.name));
    }
}

fn lock(directory: &Directory) -> bool {
    rustix::fs::flock(directory, FlockOperation::NonBlockingLockExclusive).is_ok()
}

/// Removes what killed exports have left in a directory.
fn sweep(parent: &Directory) -> Result<(), Errno> {
    let own = rustix::process::geteuid().as_raw();
    for entry in Dir::read_from(parent)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !name.as_bytes().starts_with(PREFIX.as_bytes()) {
            continue;
        }
        if let Ok(left) = parent.enter(name)
            && left.status()?.st_uid == own
            && lock(&left)
        {
            remove(parent, name)?;
        }
    }
    Ok(())
}

/// Removes a tree; no link is followed.
fn remove(parent: &Directory, name: &OsStr) -> Result<(), Errno> {
    let directory = parent.enter(name)?;
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name: &CStr = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        if entry.file_type() != FileType::Directory {
            match rustix::fs::unlinkat(&directory, name, AtFlags::empty()) {
                Err(Errno::ISDIR) => {}
                removed => {
                    removed?;
                    continue;
                }
            }
        }
        remove(&directory, OsStr::from_bytes(name.to_bytes()))?;
    }
    rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)
}
