//! The files of the repository as Git sees them: tracked, or new and not ignored. Read once; the
//! rules look at nothing else.

use crate::manifest::Manifest;
use crate::syntax::{RustFile, test_module_files};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// One text file.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root, with `/`.
    pub(crate) path: String,
    /// Its text; bytes that are not UTF-8 are replaced.
    pub(crate) text: String,
}

/// What a source file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// `.rs`
    Rust,
    /// `.py`, or a Python first line.
    Python,
    /// `.sh`, or a shell's first line.
    Shell,
}

impl File {
    /// `None` for what is not source: documents, data, settings.
    pub(crate) fn language(&self) -> Option<Language> {
        let first_line = self.text.lines().next().unwrap_or_default();
        let starts_with =
            |program: &str| first_line.starts_with("#!") && first_line.contains(program);
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("rs") => Some(Language::Rust),
            Some("py") => Some(Language::Python),
            Some("sh" | "bash") => Some(Language::Shell),
            _ if starts_with("python") => Some(Language::Python),
            _ if starts_with("sh") => Some(Language::Shell),
            _ => None,
        }
    }

    /// Whether the file lies in a folder of tests, benchmarks or examples.
    pub(crate) fn is_beside_the_product(&self) -> bool {
        let mut folders = self.path.split('/').rev().skip(1);
        folders.any(|folder| matches!(folder, "tests" | "benches" | "examples" | "fuzz"))
    }
}

/// Every file, and the Rust ones read.
#[derive(Debug)]
pub(crate) struct Repository {
    files: Vec<File>,
    rust: Vec<RustFile>,
    manifests: Vec<Manifest>,
}

impl Repository {
    /// Reads what Git lists below `root`.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        let listing = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()?;
        if !listing.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&listing.stderr).into_owned()));
        }
        let names = String::from_utf8_lossy(&listing.stdout).into_owned();
        let mut files = Vec::new();
        for path in names.split_terminator('\0').collect::<BTreeSet<_>>() {
            let on_disk = root.join(path);
            // Deleted but still in the index, or a symbolic link: nothing of ours to read.
            if !on_disk.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&on_disk)?).into_owned();
            files.push(File { path: path.to_owned(), text });
        }
        Ok(Self::of(files))
    }

    fn of(files: Vec<File>) -> Self {
        let mut rust: Vec<RustFile> = files
            .iter()
            .filter(|file| file.language() == Some(Language::Rust))
            .map(|file| RustFile::read(&file.path, &file.text, file.is_beside_the_product()))
            .collect();
        let test_files = test_module_files(&rust);
        for file in &mut rust {
            file.is_test |= test_files.contains(&file.path);
        }
        let manifests = files
            .iter()
            .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
            .map(|file| Manifest::read(&file.path, &file.text))
            .collect();
        Self { files, rust, manifests }
    }

    /// A repository that exists in a test only: pairs of path and text.
    #[cfg(test)]
    pub(crate) fn sample(files: &[(&str, &str)]) -> Self {
        let file =
            |(path, text): &(&str, &str)| File { path: (*path).into(), text: (*text).into() };
        Self::of(files.iter().map(file).collect())
    }

    /// Every file.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> &[RustFile] {
        &self.rust
    }

    /// The Cargo manifests, the workspace's own included.
    pub(crate) fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// The file of this path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_script_is_known_by_its_first_line() {
        assert_eq!(file(".ci/run", "#!/usr/bin/env bash\n").language(), Some(Language::Shell));
        assert_eq!(file("tool", "#!/usr/bin/python3\n").language(), Some(Language::Python));
        assert_eq!(file("LICENSE", "a shell\n").language(), None);
    }

    #[test]
    fn a_module_behind_cfg_test_makes_its_file_a_test() {
        let repository = Repository::sample(&[
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod tests;\nmod shipped;\n"),
            ("crates/a/src/tests.rs", ""),
            ("crates/a/src/shipped.rs", ""),
        ]);
        let is_test = |path: &str| repository.rust().iter().any(|f| f.path == path && f.is_test);
        assert!(is_test("crates/a/src/tests.rs"));
        assert!(!is_test("crates/a/src/shipped.rs"));
    }
}
