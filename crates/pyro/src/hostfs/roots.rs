//! The directories that a human has opened to paths which a model names. They are opened once: what is
//! later put in their place is not looked at. A path is matched against them as text and then resolved
//! beneath the open directory by the kernel; what lies outside is refused whether it exists or not.

use super::credentials;
use super::directory::{Directory, FileId, Regular};
use super::error::HostPathError;
use crate::error::AtPath;
use rustix::fs::Mode;
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// The roots of one flag.
#[derive(Debug)]
pub struct HostRoots {
    flag: &'static str,
    roots: Vec<Root>,
}

#[derive(Debug)]
struct Root {
    directory: Directory,
    /// The paths that lead there: as the human wrote it, and without links.
    written: [PathBuf; 2],
}

/// What a path led to, opened; it is not resolved again.
#[derive(Debug)]
pub struct Opened {
    /// The path as it was named, for messages.
    pub path: PathBuf,
    /// What is there.
    pub target: Target,
}

/// An open directory or an open regular file.
#[derive(Debug)]
pub enum Target {
    /// A directory.
    Directory(Directory),
    /// A regular file, not yet read from.
    File(File),
}

impl HostRoots {
    /// Opens `roots`, the absolute paths that a human gave with `flag` (`--seed-root`). `home` is the
    /// human's home directory: neither it nor anything above it is a root.
    ///
    /// # Errors
    /// [`HostPathError::Root`] for a root that is too wide, else why it cannot be opened.
    pub fn open(
        flag: &'static str,
        roots: &[PathBuf],
        home: Option<&Path>,
    ) -> Result<Self, HostPathError> {
        let too_wide = too_wide(home);
        let open = |path: &PathBuf| {
            let directory = Directory::open(path).at("open", path)?;
            let stat = directory.status().at("look at", path)?;
            let id = FileId::from(&stat);
            if let Some((_, what)) = too_wide.iter().find(|(wide, _)| *wide == id) {
                return Err(HostPathError::Root { path: path.clone(), flag, what });
            }
            let direct = path.canonicalize().at("resolve", path)?;
            Ok(Root { directory, written: [plain(path), direct] })
        };
        Ok(Self { flag, roots: roots.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// Opens what a model names as the source of a seed: a directory or a regular file beneath a root.
    /// A relative path is taken from the first root.
    ///
    /// # Errors
    /// [`HostPathError::Denied`], or [`HostPathError::NotFound`] for nothing beneath a root.
    pub fn resolve_seed(&self, path: &Path) -> Result<Opened, HostPathError> {
        let (root, inner) = self.locate(path)?;
        if credentials::is_path(inner.as_os_str().as_bytes()) {
            return Err(self.denied(path, "files of that name usually hold credentials"));
        }
        let target = match root.directory.descend(&inner) {
            Ok(directory) => Target::Directory(directory),
            Err(Errno::NOTDIR) if !ends_with_slash(path) => {
                match root.directory.regular_file_beneath(&inner) {
                    Ok(Regular::File(file, _)) => Target::File(file),
                    Ok(Regular::Other) => {
                        return Err(self.denied(path, "it is neither a file nor a directory"));
                    }
                    Ok(Regular::Gone) => return Err(self.failed(path, Errno::NOENT)),
                    Err(error) => return Err(self.failed(path, error)),
                }
            }
            Err(error) => return Err(self.failed(path, error)),
        };
        Ok(Opened { path: path.to_owned(), target })
    }

    /// One directory that is open already; `path` is what it is called.
    #[must_use]
    pub fn holding(flag: &'static str, directory: Directory, path: &Path) -> Self {
        let direct = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Self { flag, roots: vec![Root { directory, written: [plain(path), direct] }] }
    }

    /// Opens the directory in which a model wants something new, and tells what it is to be called there, and
    /// its whole path for people. Directories on the way are made where they are missing. `refuse` says why
    /// the path below the root is none to write to.
    ///
    /// # Errors
    /// [`HostPathError::Denied`], or why a directory cannot be made.
    pub fn resolve_new(
        &self,
        path: &Path,
        refuse: impl Fn(&Path) -> Option<&'static str>,
    ) -> Result<(Directory, OsString, PathBuf), HostPathError> {
        let (root, inner) = self.locate(path)?;
        if let Some(why) = refuse(&inner) {
            return Err(self.denied(path, why));
        }
        let Some(name) = inner.file_name() else {
            return Err(self.denied(path, "it is the opened directory itself"));
        };
        let mut directory = root.directory.duplicate().at("open", path)?;
        for part in inner.parent().into_iter().flatten() {
            match rustix::fs::mkdirat(&directory, part, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(self.failed(path, error)),
            }
            directory = directory.enter(part).map_err(|error| self.failed(path, error))?;
        }
        Ok((directory, name.to_owned(), root.written[1].join(&inner)))
    }

    /// The root that a path lies in, and the way from there.
    fn locate(&self, path: &Path) -> Result<(&Root, PathBuf), HostPathError> {
        if path.as_os_str().as_bytes().contains(&0) {
            return Err(self.denied(path, "it contains a NUL byte"));
        }
        if path.components().any(|component| component == Component::ParentDir) {
            return Err(self.denied(path, "`..` is not allowed in it"));
        }
        let wanted = plain(path);
        let found = if wanted.is_absolute() {
            self.roots.iter().find_map(|root| {
                let inner = root.written.iter().find_map(|text| wanted.strip_prefix(text).ok())?;
                Some((root, inner.to_owned()))
            })
        } else {
            self.roots.first().map(|root| (root, wanted))
        };
        found.ok_or_else(|| self.denied(path, "it lies outside of every directory opened for this"))
    }

    fn failed(&self, path: &Path, error: Errno) -> HostPathError {
        match error {
            Errno::NOENT => HostPathError::NotFound { path: path.to_owned() },
            Errno::LOOP => self.denied(path, "it is, or leads through, a symbolic link"),
            Errno::XDEV => self.denied(path, "it leads out of the directory opened for this"),
            Errno::NOTDIR => self.denied(path, "it is not a directory"),
            error => match Err::<(), _>(error).at("open", path) {
                Err(error) => error.into(),
                Ok(()) => HostPathError::NotFound { path: path.to_owned() },
            },
        }
    }

    fn denied(&self, path: &Path, why: &'static str) -> HostPathError {
        let flag = self.flag;
        let open: Vec<String> =
            self.roots.iter().map(|root| format!("{:?}", root.written[0])).collect();
        let hint = if open.is_empty() {
            format!("only the human can open a directory: start the server with {flag} DIRECTORY")
        } else {
            let open = open.join(", ");
            format!(
                "name a path below {open}, without links; to open another directory, the human \
                 starts the server with {flag} DIRECTORY"
            )
        };
        HostPathError::Denied { path: path.to_owned(), why, hint }
    }
}

/// Directories that are never roots: `/`, the home directory and what lies between.
fn too_wide(home: Option<&Path>) -> Vec<(FileId, &'static str)> {
    let home = home.and_then(|home| home.canonicalize().ok());
    let id = |path: &Path| {
        let stat = rustix::fs::stat(path).ok()?;
        Some(FileId::from(&stat))
    };
    let mut wide: Vec<(FileId, &str)> =
        id(Path::new("/")).into_iter().map(|id| (id, "the root of the file system")).collect();
    for (distance, path) in home.iter().flat_map(|home| home.ancestors()).enumerate() {
        let what = if distance == 0 { "your home directory" } else { "above your home directory" };
        wide.extend(id(path).map(|id| (id, what)));
    }
    wide
}

/// The path without `.`, doubled and trailing slashes.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|component| *component != Component::CurDir).collect()
}

fn ends_with_slash(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.ends_with(b"/") || OsStr::from_bytes(bytes) == "." || bytes.ends_with(b"/.")
}
