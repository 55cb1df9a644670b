//! A project into the archive: the repository first, then the files, then the same for every repository
//! inside of it.

use super::super::SeedError;
use super::super::packer::{Facts, Packer};
use super::git::Git;
use super::repository::Repository;
use super::work_tree::{self, Inner};
use super::{Project, git_directory};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

/// Repositories in repositories in repositories.
const MAX_DEPTH: usize = 16;

/// Where a repository goes, relative to the workspace.
struct Place {
    /// Before the paths of its files: empty, or ending in a slash.
    tree: Vec<u8>,
    /// Its repository: `….git`, or below `….git/modules/`.
    git: Vec<u8>,
}

impl Place {
    /// Whether the repository lies in the work tree, as `.git`.
    fn is_plain(&self) -> bool {
        self.git == [&self.tree[..], b".git"].concat()
    }
}

impl Project {
    /// Packs the whole project.
    pub(in super::super) fn pack(self, packer: &mut Packer) -> Result<(), SeedError> {
        let place = Place { tree: Vec::new(), git: b".git".to_vec() };
        pack(packer, &self.git, &self.repository, &place, 0)
    }
}

fn pack(
    packer: &mut Packer,
    git: &Git,
    repository: &Repository,
    place: &Place,
    depth: usize,
) -> Result<(), SeedError> {
    if place.is_plain() {
        git_directory::pack(packer, git, repository, &place.git, None)?;
    } else {
        let to_files = way(&place.git, &place.tree);
        git_directory::pack(packer, git, repository, &place.git, Some(&to_files))?;
        let gitfile = [b"gitdir: ", &way(&place.tree, &place.git)[..], b"\n"].concat();
        let facts = Facts { mode: 0o644, mtime: 0 };
        packer.bytes(&[&place.tree, &b".git"[..]].concat(), facts, &gitfile)?;
    }
    work_tree::pack(packer, git, repository, &place.tree, &mut |packer, inner| {
        pack_inner(packer, git, repository, place, inner, depth + 1)
    })
}

/// A submodule, or a repository that merely lies in the work tree.
fn pack_inner(
    packer: &mut Packer,
    git: &Git,
    outer: &Repository,
    place: &Place,
    inner: &Inner<'_>,
    depth: usize,
) -> Result<(), SeedError> {
    let path = outer.path.join(std::ffi::OsStr::from_bytes(inner.path));
    if depth > MAX_DEPTH {
        let why = "it is a repository in too many others";
        return Err(SeedError::entry(inner.path, why));
    }
    let repository = Repository::open(git, &path)?;
    if repository.identity()? == outer.identity()? {
        // another work tree of the same repository: it has its own branch, and can be made again
        packer.seeded.ignored_count += 1;
        return Ok(());
    }
    if repository.path != path {
        return Err(SeedError::entry(inner.path, "it is not the top of a repository's work tree"));
    }
    let tree = [&place.tree, inner.path, b"/"].concat();
    let git_place = match module_of(outer, &repository) {
        Some(module) => [&place.git, &b"/modules/"[..], module].concat(),
        None => [&tree, &b".git"[..]].concat(),
    };
    pack(packer, git, &repository, &Place { tree, git: git_place }, depth)
}

/// The name of a submodule whose repository is kept in the outer one, in `modules/<name>`.
fn module_of<'r>(outer: &Repository, inner: &'r Repository) -> Option<&'r [u8]> {
    if inner.is_linked {
        return None;
    }
    let own = inner.own_path.strip_prefix(outer.own_path.join("modules"));
    let module = own.or_else(|_| inner.own_path.strip_prefix(outer.common_path.join("modules")));
    let module: &Path = module.ok()?;
    let is_plain = |component| matches!(component, Component::Normal(_));
    (module.components().all(is_plain) && module.file_name().is_some())
        .then(|| module.as_os_str().as_bytes())
}

/// The relative way from the directory `from` to `to`, both below the workspace: up to it and down
/// again.
fn way(from: &[u8], to: &[u8]) -> Vec<u8> {
    let up = from.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).count();
    let mut way = b"../".repeat(up);
    way.extend_from_slice(to.strip_suffix(b"/").unwrap_or(to));
    way
}
