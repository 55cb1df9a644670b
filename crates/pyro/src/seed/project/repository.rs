//! A repository on the host, opened: its work tree and where git keeps it. Files in a directory of
//! strangers can claim to belong to any repository of this user, and its settings can claim any
//! directory as their work tree; so both must confirm each other.

use super::super::SeedError;
use super::configuration::Settings;
use super::git::Git;
use super::pointer;
use crate::error::AtPath;
use crate::hostfs::{Directory, FileId};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// A work tree with its repository.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top of the work tree.
    pub(super) path: PathBuf,
    pub(super) tree: Directory,
    /// What belongs to this work tree: `HEAD`, the index. In a main work tree the same as `common`.
    pub(super) own: Directory,
    pub(super) own_path: PathBuf,
    /// What all work trees of the repository share: objects, branches, settings.
    pub(super) common: Directory,
    pub(super) common_path: PathBuf,
    /// Whether it is one of several work trees of a repository, and not the main one.
    pub(super) is_linked: bool,
    /// Its settings, as they are.
    pub(super) settings: Settings,
}

impl Repository {
    /// The repository that `directory` lies in.
    pub(super) fn open(git: &Git, directory: &Path) -> Result<Self, SeedError> {
        let path = git.path(directory, &["rev-parse", "--show-toplevel"])?;
        if path.as_os_str().is_empty() {
            return Err(SeedError::NoProject { path: directory.to_owned() });
        }
        let own_path = resolved(git, directory, "--git-dir")?;
        let common_path = resolved(git, directory, "--git-common-dir")?;
        let tree = Directory::open(&path).at("open", &path)?;
        let own = Directory::open(&own_path).at("open", &own_path)?;
        let common = Directory::open(&common_path).at("open", &common_path)?;
        let is_linked = id(&own, &own_path)? != id(&common, &common_path)?;
        let settings = Settings::read(git, &path, &own, &common)?;
        let found = Self { path, tree, own, own_path, common, common_path, is_linked, settings };
        found.confirm()?;
        found.check_supported()?;
        Ok(found)
    }

    /// Which repository it is, whatever the work tree.
    pub(super) fn identity(&self) -> Result<FileId, SeedError> {
        id(&self.common, &self.common_path)
    }

    /// The work tree leads to the repository, and the repository back to the work tree.
    fn confirm(&self) -> Result<(), SeedError> {
        let own = id(&self.own, &self.own_path)?;
        let (marker, is_inside) = match self.tree.enter(".git".as_ref()) {
            Ok(inside) => (id(&inside, &self.own_path)?, !self.is_linked),
            Err(Errno::NOTDIR) => {
                let target = pointer::gitfile(&self.tree, &self.path)?;
                let directory = Directory::open(&target).at("open", &target)?;
                (id(&directory, &target)?, false)
            }
            Err(Errno::LOOP) => {
                return Err(self.unsupported("its .git is a symbolic link", "clone it first"));
            }
            Err(_) => {
                let why = "core.worktree makes a directory its work tree that does not know of it";
                return Err(self.unsupported(why, "unset core.worktree"));
            }
        };
        if marker != own {
            let why = "its .git leads to another repository than git's own answer";
            return Err(self.unsupported(why, "unset core.worktree"));
        }
        if is_inside || self.is_confirmed_from_outside()? {
            return Ok(());
        }
        let why = "its .git file points to a repository that does not know of this work tree";
        let hint =
            format!("if it is yours: git -C '{0}' config core.worktree '{0}'", self.path.display());
        Err(self.unsupported(why, &hint))
    }

    /// A linked work tree is named in the file `gitdir` of its part of the repository
    /// (gitrepository-layout(5), `worktrees/<id>/gitdir`); a submodule in `core.worktree`, on which
    /// git's answer has rested if the way back leads here.
    fn is_confirmed_from_outside(&self) -> Result<bool, SeedError> {
        let tree = id(&self.tree, &self.path)?;
        let same = |path: &Path| {
            let opened = Directory::open(path).and_then(|directory| directory.status());
            opened.is_ok_and(|stat| FileId::from(&stat) == tree)
        };
        if self.is_linked {
            let shared = id(&self.common, &self.common_path)?;
            let above = self.own_path.parent().and_then(Path::parent);
            let belongs = above.is_some_and(|above| {
                let opened = Directory::open(above).and_then(|directory| directory.status());
                opened.is_ok_and(|stat| FileId::from(&stat) == shared)
            });
            let back = pointer::read(&self.own, "gitdir", &self.own_path)?;
            let back = back.map(|path| self.own_path.join(path));
            return Ok(belongs && back.as_deref().and_then(Path::parent).is_some_and(same));
        }
        let back = self.settings.value(b"core.worktree").map(pointer::path);
        Ok(back.is_some_and(|path| same(&self.own_path.join(path))))
    }

    fn check_supported(&self) -> Result<(), SeedError> {
        if self.is_linked && self.common.look("reftable".as_ref()).is_ok() {
            let why = "it is a linked work tree of a repository with reftables";
            return Err(self.unsupported(why, "use the main work tree, or clone the repository"));
        }
        Ok(())
    }

    pub(super) fn unsupported(&self, why: &str, hint: &str) -> SeedError {
        let (why, hint) = (why.to_owned(), hint.to_owned());
        SeedError::Project { path: self.path.clone(), why, hint }
    }
}

/// A directory of git's for whoever is in `directory`, without links in its path.
fn resolved(git: &Git, directory: &Path, which: &str) -> Result<PathBuf, SeedError> {
    let path = directory.join(git.path(directory, &["rev-parse", which])?);
    Ok(path.canonicalize().at("resolve", &path)?)
}

fn id(directory: &Directory, path: &Path) -> Result<FileId, SeedError> {
    Ok(FileId::from(&directory.status().at("look at", path)?))
}
