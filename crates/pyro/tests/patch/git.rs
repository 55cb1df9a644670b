//! Trees as directories, and git at work in them.

use super::tree::{Node, Tree};
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where a patch is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A directory that is no repository.
    Plain,
    /// A repository whose index holds the tree; the index must follow.
    Indexed,
}

/// A tree as a directory.
pub(crate) struct Copy {
    directory: tempfile::TempDir,
    place: Place,
}

impl Copy {
    pub(crate) fn of(tree: &Tree, place: Place) -> Self {
        let copy = Self { directory: tempfile::tempdir().unwrap(), place };
        for (path, node) in tree {
            let path = copy.directory.path().join(OsStr::from_bytes(path));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match node {
                Node::File { content, executable } => {
                    std::fs::write(&path, content).unwrap();
                    let mode = if *executable { 0o755 } else { 0o644 };
                    std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
                }
                Node::Link(target) => symlink(OsStr::from_bytes(target), &path).unwrap(),
            }
        }
        if place == Place::Indexed {
            copy.git(&["init", "--quiet"], "");
            copy.git(&["add", "--all", "--force", "."], "");
        }
        copy
    }

    /// Applies a patch; an empty one is none.
    pub(crate) fn apply(&self, patch: &str, options: &[&str]) {
        if patch.is_empty() {
            return;
        }
        let index: &[&str] = if self.place == Place::Indexed { &["--index"] } else { &[] };
        self.git(&[&["apply"], index, options, &["-"]].concat(), patch);
        if self.place == Place::Indexed {
            self.git(&["diff-files", "--quiet"], "");
        }
    }

    /// What is there now, empty directories and the repository apart.
    pub(crate) fn tree(&self) -> Tree {
        tree_in(self.directory.path())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    fn git(&self, arguments: &[&str], input: &str) {
        let mut git = Command::new("git")
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.directory.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CEILING_DIRECTORIES", self.directory.path().parent().unwrap())
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let sent = git.stdin.take().unwrap().write_all(input.as_bytes());
        let output = git.wait_with_output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {complaints}\n{input}");
        sent.unwrap();
    }
}

/// The tree that a directory holds.
pub(crate) fn tree_in(directory: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(directory, &mut Vec::new(), &mut tree);
    tree
}

fn collect(directory: &Path, prefix: &mut Vec<u8>, tree: &mut Tree) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_vec();
        if name == b".git" {
            continue;
        }
        let length = prefix.len();
        prefix.extend(&name);
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            prefix.push(b'/');
            collect(&entry.path(), prefix, tree);
        } else if kind.is_symlink() {
            let target = std::fs::read_link(entry.path()).unwrap().into_os_string().into_vec();
            tree.insert(prefix.clone(), Node::Link(target));
        } else {
            let executable = entry.metadata().unwrap().permissions().mode() & 0o100 != 0;
            let content = std::fs::read(entry.path()).unwrap();
            tree.insert(prefix.clone(), Node::File { content, executable });
        }
        prefix.truncate(length);
    }
}
