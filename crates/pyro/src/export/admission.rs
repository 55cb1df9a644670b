//! Which names of the host a model may give to what it exports, and where, if the human says nothing.

use super::ExportError;
use crate::error::{AtPath, PathError};
use crate::hostfs::{Directory, HostPathError, HostRoots, credentials};
use crate::patch::is_dot_git;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Files that shells, git, editors and agents read without being asked.
const SETTINGS: [&str; 24] = [
    ".bash_login",
    ".bash_logout",
    ".bash_profile",
    ".bashrc",
    ".profile",
    ".zlogin",
    ".zprofile",
    ".zshenv",
    ".zshrc",
    ".envrc",
    ".gitattributes",
    ".gitconfig",
    ".gitmodules",
    ".ripgreprc",
    ".pre-commit-config.yaml",
    ".mcp.json",
    ".cursorrules",
    "agents.md",
    "claude.md",
    "claude.local.md",
    "gemini.md",
    "opencode.json",
    "opencode.jsonc",
    ".editorconfig",
];

/// Directories of such files.
const SETTINGS_DIRECTORIES: [&str; 11] = [
    ".claude",
    ".codex",
    ".cursor",
    ".gemini",
    ".opencode",
    ".vscode",
    ".idea",
    ".husky",
    ".github",
    ".config",
    ".devcontainer",
];

/// Why nothing is exported to the path, if so.
pub(super) fn refusal(path: &Path) -> Option<&'static str> {
    let bytes = path.as_os_str().as_bytes();
    let parts = || bytes.split(|byte| *byte == b'/').map(<[u8]>::to_ascii_lowercase);
    let is_one_of = |names: &[&str], part: &[u8]| names.iter().any(|name| name.as_bytes() == part);
    if parts().any(|part| is_dot_git(&part)) {
        return Some("what belongs to Git itself is not written");
    }
    if credentials::is_path(bytes) {
        return Some("files of that name usually hold credentials");
    }
    let settings = parts().any(|part| is_one_of(&SETTINGS_DIRECTORIES, &part))
        || parts().next_back().is_some_and(|part| is_one_of(&SETTINGS, &part));
    settings.then_some("programs take files of that name for their settings")
}

/// Opens `.pyro/out` in a project, where models export to unless the human says otherwise. It is made where it
/// is missing, with a `.gitignore` that keeps it out of the project's own history.
///
/// # Errors
/// If it cannot be made, or a link is in its place.
pub fn default_root(flag: &'static str, project: &Path) -> Result<HostRoots, ExportError> {
    let top = Directory::open(project).at("open", project)?;
    let own = project.join(".pyro");
    let (pyro, is_new) = make(&top, ".pyro", &own)?;
    if is_new {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&pyro, ".gitignore", flags, Mode::from_raw_mode(0o644));
        let file = file.at("create", &own.join(".gitignore"))?;
        File::from(file).write_all(b"*\n").at("write", &own.join(".gitignore"))?;
    }
    let path = own.join("out");
    let (directory, _) = make(&pyro, "out", &path)?;
    Ok(HostRoots::holding(flag, directory, &path))
}

fn make(parent: &Directory, name: &str, path: &Path) -> Result<(Directory, bool), ExportError> {
    let is_new = match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(error) => return Err(failed("make", path, error)),
    };
    match parent.enter(OsStr::new(name)) {
        Ok(directory) => Ok((directory, is_new)),
        Err(Errno::LOOP | Errno::NOTDIR) => Err(HostPathError::Denied {
            path: path.to_owned(),
            why: "it is no directory",
            hint: "remove it, or start the server with --export-root DIRECTORY".into(),
        }
        .into()),
        Err(error) => Err(failed("open", path, error)),
    }
}

fn failed(action: &'static str, path: &Path, error: Errno) -> ExportError {
    PathError { action, path: path.to_owned(), source: error.into() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_credentials_are_refused_wherever_they_are_and_results_are_not() {
        for path in [
            ".git/hooks/pre-commit",
            "a/.GIT/config",
            ".gitconfig",
            "x/.Bashrc",
            ".claude/settings.json",
            ".mcp.json",
            "CLAUDE.md",
            ".vscode/tasks.json",
            ".github/workflows/ci.yml",
            ".ssh/authorized_keys",
            "id_rsa",
            ".env",
        ] {
            assert!(refusal(Path::new(path)).is_some(), "{path}");
        }
        for path in ["out", "report.html", "dist/app", ".gitignore", "github/x", "claude/x.md"] {
            assert_eq!(refusal(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn the_directory_for_exports_is_made_once_and_never_through_a_link() {
        let project = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            default_root("--export-root", project.path()).unwrap();
        }
        let ignored = std::fs::read_to_string(project.path().join(".pyro/.gitignore")).unwrap();
        assert_eq!(ignored, "*\n");
        let hostile = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(project.path(), hostile.path().join(".pyro")).unwrap();
        let refused = default_root("--export-root", hostile.path()).unwrap_err();
        assert!(refused.to_string().contains("no directory"), "{refused}");
    }
}
