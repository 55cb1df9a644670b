//! The `.git` directory of the guest: what a repository consists of (gitrepository-layout(5)), by an
//! allow-list, and settings written anew. Hooks, locks, sockets, legacy lists of URLs and the private
//! parts of other work trees stay behind.

use super::super::SeedError;
use super::super::directory::{self, Pick};
use super::super::packer::{Facts, Packer};
use super::git::Git;
use super::objects;
use super::repository::Repository;
use rustix::fs::FileType;

/// Files of one work tree.
const OWN_FILES: [&[u8]; 13] = [
    b"HEAD",
    b"index",
    b"ORIG_HEAD",
    b"MERGE_HEAD",
    b"MERGE_MSG",
    b"MERGE_MODE",
    b"MERGE_RR",
    b"AUTO_MERGE",
    b"CHERRY_PICK_HEAD",
    b"REVERT_HEAD",
    b"REBASE_HEAD",
    b"SQUASH_MSG",
    b"COMMIT_EDITMSG",
];
/// Directories of one work tree: operations that were interrupted.
const OWN_DIRECTORIES: [&[u8]; 3] = [b"rebase-merge", b"rebase-apply", b"sequencer"];
/// Files that all work trees share.
const SHARED_FILES: [&[u8]; 3] = [b"packed-refs", b"shallow", b"description"];
/// Refs that each work tree has for itself (git-worktree(1), "Refs").
const OWN_REFS: [&[u8]; 3] = [b"bisect", b"worktree", b"rewritten"];

/// Packs the repository as the directory `to` (`….git`).
pub(super) fn pack(
    packer: &mut Packer,
    git: &Git,
    repository: &Repository,
    to: &[u8],
    work_tree: Option<&[u8]>,
) -> Result<(), SeedError> {
    let status = repository.own.status();
    let status = crate::error::AtPath::at(status, "look at", &repository.own_path)?;
    let facts = Facts::from(&status);
    packer.directory(to, facts)?;
    let prefix = [to, b"/"].concat();
    if repository.is_linked {
        directory::pack(packer, &repository.common, &prefix, &shared)?;
        directory::pack(packer, &repository.own, &prefix, &own)?;
    } else {
        let both = |path: &[u8], kind| match shared(path, kind) {
            Pick::Leave => own(path, kind),
            pick => pick,
        };
        directory::pack(packer, &repository.own, &prefix, &both)?;
    }
    let settings = repository.settings.for_guest(git, work_tree)?;
    packer.bytes(&[&prefix, &b"config"[..]].concat(), Facts { mode: 0o644, ..facts }, &settings)?;
    let objects = [&prefix, &b"objects"[..]].concat();
    packer.directory(&objects, facts)?;
    objects::pack(packer, repository, &[&objects, &b"/"[..]].concat())
}

/// What all work trees share, objects and settings aside.
fn shared(path: &[u8], kind: FileType) -> Pick {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let taken = match parts[..] {
        [b"refs" | b"info" | b"logs" | b"reftable"] => return directory_only(kind),
        [file] => SHARED_FILES.contains(&file),
        [b"refs", space, ..] => !OWN_REFS.contains(&space),
        [b"info", file] => matches!(file, b"exclude" | b"attributes" | b"grafts"),
        [b"logs", b"refs"] => true,
        [b"logs", b"refs", space, ..] => !OWN_REFS.contains(&space),
        [b"reftable", _] => true,
        _ => false,
    };
    pick(taken, path, kind)
}

/// What belongs to one work tree.
fn own(path: &[u8], kind: FileType) -> Pick {
    let parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let taken = match parts[..] {
        [b"refs" | b"info" | b"logs"] => return directory_only(kind),
        [file] if OWN_DIRECTORIES.contains(&file) => return directory_only(kind),
        [file] => {
            OWN_FILES.contains(&file)
                || file.starts_with(b"BISECT_")
                || file.starts_with(b"sharedindex.")
        }
        [b"info", file] => file == b"sparse-checkout",
        [b"logs", b"HEAD"] | [b"logs", b"refs"] => true,
        [b"refs", space, ..] | [b"logs", b"refs", space, ..] => OWN_REFS.contains(&space),
        [top, ..] => OWN_DIRECTORIES.contains(&top),
        [] => false,
    };
    pick(taken, path, kind)
}

fn pick(taken: bool, path: &[u8], kind: FileType) -> Pick {
    match kind {
        _ if !taken || path.ends_with(b".lock") => Pick::Leave,
        FileType::RegularFile | FileType::Directory => Pick::Take,
        FileType::Symlink => Pick::Refuse("it is a symbolic link in a repository"),
        _ => Pick::Leave,
    }
}

fn directory_only(kind: FileType) -> Pick {
    match kind {
        FileType::Directory => Pick::Take,
        FileType::Symlink => Pick::Refuse("it is a symbolic link in a repository"),
        _ => Pick::Leave,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_taken_from_where_it_belongs() {
        use FileType::{RegularFile as F, Socket, Symlink};
        for path in
            ["packed-refs", "refs/heads/a/b", "logs/refs/heads/a", "info/exclude", "shallow"]
        {
            assert_eq!(shared(path.as_bytes(), F), Pick::Take, "{path}");
            assert_eq!(own(path.as_bytes(), F), Pick::Leave, "{path}");
        }
        for path in
            ["HEAD", "index", "logs/HEAD", "refs/bisect/bad", "rebase-merge/git-rebase-todo"]
        {
            assert_eq!(own(path.as_bytes(), F), Pick::Take, "{path}");
            assert_eq!(shared(path.as_bytes(), F), Pick::Leave, "{path}");
        }
        for path in [
            "hooks/pre-commit",
            "config",
            "config.worktree",
            "worktrees/a/HEAD",
            "index.lock",
            "gc.pid",
            "FETCH_HEAD",
            "branches/x",
            "remotes/x",
            "fsmonitor--daemon.ipc",
            "refs/heads/a.lock",
            "modules/a/HEAD",
            "objects/aa/b",
            "lfs/x",
        ] {
            assert_eq!(own(path.as_bytes(), F), Pick::Leave, "{path}");
            assert_eq!(shared(path.as_bytes(), F), Pick::Leave, "{path}");
        }
        assert!(matches!(own(b"HEAD", Symlink), Pick::Refuse(_)));
        assert!(matches!(shared(b"refs", Symlink), Pick::Refuse(_)));
        assert_eq!(shared(b"refs/heads/a", Socket), Pick::Leave);
    }
}
