//! The files of a work tree: those that git tracks, as they are now, and those that it neither tracks
//! nor ignores. git names them; they are opened here, one directory at a time, and a name that leads
//! through a link is not there.

use super::super::SeedError;
use super::super::entry::{Added, add, at};
use super::super::packer::{Facts, Packer};
use super::super::trail::Trail;
use super::git::Git;
use super::repository::Repository;
use crate::error::AtPath;
use crate::hostfs::credentials;
use rustix::fs::FileType;
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// The mode of a submodule in the index (gitformat-index(5)).
const GITLINK: &[u8] = b"160000";

/// A repository found in the work tree of another.
#[derive(Debug)]
pub(super) struct Inner<'a> {
    /// Where, relative to the outer work tree.
    pub(super) path: &'a [u8],
}

/// Packs a repository that was found on the way.
pub(super) type PackInner<'a> = &'a mut dyn FnMut(&mut Packer, &Inner<'_>) -> Result<(), SeedError>;

/// Packs the files of `repository` with `prefix` before their paths.
pub(super) fn pack(
    packer: &mut Packer,
    git: &Git,
    repository: &Repository,
    prefix: &[u8],
    inner: PackInner<'_>,
) -> Result<(), SeedError> {
    let trail = repository.tree.duplicate().and_then(Trail::new).at("open", &repository.path)?;
    let mut files = Files { packer, trail, lost: false, prefix };
    tracked(&mut files, git, repository, inner)?;
    untracked(&mut files, git, repository, inner)?;
    files.packer.seeded.ignored_count += ignored(git, repository)?;
    Ok(())
}

fn tracked(
    files: &mut Files<'_>,
    git: &Git,
    repository: &Repository,
    inner: PackInner<'_>,
) -> Result<(), SeedError> {
    let mut records = git.records(&repository.path, &["ls-files", "-z", "--stage"])?;
    let (mut record, mut last) = (Vec::new(), Vec::new());
    while records.next_record(&mut record)? {
        // "<mode> <hash> <stage>\t<path>"
        let Some(tab) = record.iter().position(|byte| *byte == b'\t') else { continue };
        let path = &record[tab + 1..];
        // a conflict has up to three stages of one path
        if path == last || !is_plain(path) {
            continue;
        }
        if record.starts_with(GITLINK) {
            if files.enter(path)? && files.trail.here().look(".git".as_ref()).is_ok() {
                inner(files.packer, &Inner { path })?;
            }
        } else {
            files.file(path)?;
        }
        last.clear();
        last.extend_from_slice(&record[tab + 1..]);
    }
    Ok(())
}

fn untracked(
    files: &mut Files<'_>,
    git: &Git,
    repository: &Repository,
    inner: PackInner<'_>,
) -> Result<(), SeedError> {
    let args = ["ls-files", "-z", "--others", "--exclude-standard"];
    let mut records = git.records(&repository.path, &args)?;
    let mut path = Vec::new();
    while records.next_record(&mut path)? {
        if let Some(directory) = path.strip_suffix(b"/") {
            // git does not look into other repositories
            if is_plain(directory) {
                inner(files.packer, &Inner { path: directory })?;
            }
        } else if credentials::is_path(&path) {
            let path = [files.prefix, &path].concat();
            files.packer.seeded.withheld.add(&path);
        } else if is_plain(&path) {
            files.file(&path)?;
        }
    }
    Ok(())
}

/// How many entries the ignore rules leave out; a directory that is ignored as a whole is one.
fn ignored(git: &Git, repository: &Repository) -> Result<u64, SeedError> {
    let args = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"];
    let mut records = git.records(&repository.path, &args)?;
    let (mut path, mut count) = (Vec::new(), 0);
    while records.next_record(&mut path)? {
        count += 1;
    }
    Ok(count)
}

/// A name that git itself would check out. An index can be made to name what lies in `.git`.
fn is_plain(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/')
        .all(|part| !matches!(part, b"" | b"." | b"..") && !part.eq_ignore_ascii_case(b".git"))
}

/// Packs files by path; directories are packed on the way to them.
struct Files<'a> {
    packer: &'a mut Packer,
    trail: Trail,
    /// Whether the way back was lost: the trail's directory is not to be read from.
    lost: bool,
    prefix: &'a [u8],
}

impl Files<'_> {
    fn file(&mut self, path: &[u8]) -> Result<(), SeedError> {
        let split = path.iter().rposition(|byte| *byte == b'/');
        let (parent, name) = split.map_or((&b""[..], path), |at| (&path[..at], &path[at + 1..]));
        if !self.enter(parent)? {
            return Ok(());
        }
        let whole = [self.prefix, path].concat();
        let name = OsStr::from_bytes(name);
        // gone, or a directory now: then it is deleted in this work tree
        match add(self.packer, self.trail.here(), name, FileType::RegularFile, &whole)? {
            Added::Packed | Added::Gone | Added::Directory => Ok(()),
        }
    }

    /// Makes `directory` the current one; false where it is not a directory.
    fn enter(&mut self, directory: &[u8]) -> Result<bool, SeedError> {
        while self.lost || !is_at_or_above(self.trail.path(), directory) {
            self.lost = self.trail.leave().is_err();
        }
        let done = self.trail.path().len();
        let rest: Vec<&[u8]> =
            directory[done..].split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
        for name in rest {
            let path = [self.prefix, &self.trail.path_of(OsStr::from_bytes(name))].concat();
            match self.trail.enter(OsStr::from_bytes(name)) {
                Ok(()) => {}
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(false),
                Err(error) => return Err(error).at("open", at(&path)).map_err(Into::into),
            }
            let status = self.trail.here().status().at("look at", at(&path))?;
            self.packer.directory(&path, Facts::from(&status))?;
        }
        Ok(true)
    }
}

/// Whether the directory `above` is `path` or lies on the way to it.
fn is_at_or_above(above: &[u8], path: &[u8]) -> bool {
    match path.strip_prefix(above) {
        Some(rest) => above.is_empty() || rest.is_empty() || rest.starts_with(b"/"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_never_checks_out_is_not_packed() {
        for path in ["a", "a/b", ".gitignore", "a/.gitmodules", "..a"] {
            assert!(is_plain(path.as_bytes()), "{path}");
        }
        for path in [".git/config", "a/.git/hooks/x", "a/.GIT/x", "../a", "/a", "a//b", "a/./b", ""]
        {
            assert!(!is_plain(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn above_is_a_matter_of_whole_names() {
        assert!(is_at_or_above(b"", b"a") && is_at_or_above(b"a", b"a/b"));
        assert!(is_at_or_above(b"a", b"a"));
        assert!(!is_at_or_above(b"a", b"ab") && !is_at_or_above(b"a/b", b"a"));
    }
}
