//! Two trees as git's own objects, without a file of theirs on the disk, and what git says of them.

use super::tree::{Node, Tree};
use std::fmt::Write as _;
use std::io::Write;
use std::process::{Command, Stdio};

/// A repository with two branches.
pub(crate) struct History {
    repository: tempfile::TempDir,
}

impl History {
    pub(crate) fn of(before: &Tree, after: &Tree) -> Self {
        let history = Self { repository: tempfile::tempdir().unwrap() };
        history.git(&["init", "--quiet", "--bare"], b"");
        let mut stream = Vec::new();
        for (name, tree) in [("before", before), ("after", after)] {
            write!(stream, "commit refs/heads/{name}\ncommitter A <a@b> 0 +0000\ndata 0\n")
                .unwrap();
            for (path, node) in tree {
                let (mode, content) = match node {
                    Node::File { content, executable: false } => ("100644", content),
                    Node::File { content, executable: true } => ("100755", content),
                    Node::Link(target) => ("120000", target),
                };
                let length = content.len();
                write!(stream, "M {mode} inline {}\ndata {length}\n", quoted(path)).unwrap();
                stream.extend_from_slice(content);
                stream.push(b'\n');
            }
        }
        history.git(&["fast-import", "--quiet"], &stream);
        history
    }

    /// The way from the one to the other.
    pub(crate) fn diff(&self, options: &[&str]) -> Vec<u8> {
        let words = [&["diff", "--binary", "--no-color"], options, &["before", "after"]];
        self.git(&words.concat(), b"")
    }

    fn git(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut git = Command::new("git")
            .args(arguments)
            .current_dir(self.repository.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.repository.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        git.stdin.take().unwrap().write_all(input).unwrap();
        let output = git.wait_with_output().unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {complaints}");
        output.stdout
    }
}

/// As git's streams have names: every byte by its number.
fn quoted(path: &[u8]) -> String {
    let mut quoted = "\"".to_owned();
    for byte in path {
        write!(quoted, "\\{byte:03o}").unwrap();
    }
    quoted + "\""
}
