//! Which Firecracker this host has, and whether pyro can use it. It looks in three places and
//! installs nothing; whether a machine runs on what it finds is decided elsewhere.

use super::version::{self, Version};
use crate::config::{Config, env_var};
use crate::machine::jail::interpreter;
use crate::machine::remembered::remembered_if;
use serde::Serialize;
use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The program's name.
pub const NAME: &str = "firecracker";
/// What the name of a directory with an installed Firecracker begins with; its version follows.
const DIRECTORY: &str = "firecracker-v";

/// A Firecracker that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The program.
    pub path: PathBuf,
    /// Who put it there.
    pub source: Source,
    /// Whether it is one static executable, as the official releases are. Others are usually built
    /// without the seccomp filters that Firecracker brings for its own threads.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// Whether it can be used.
    #[serde(flatten)]
    pub condition: Condition,
}

/// Who put a program where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The setting `PYRO_FIRECRACKER` names it.
    Setting,
    /// `pyro runtime install`.
    Installed,
    /// Somebody else; it is on the search path.
    SearchPath,
}

/// Whether pyro can use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Condition {
    /// It can.
    Usable {
        /// Its version.
        version: Version,
    },
    /// It is older than [`Version::OLDEST`].
    TooOld {
        /// Its version.
        version: Version,
    },
    /// It does not say that it is Firecracker.
    DoesNotRun {
        /// What it does instead.
        why: String,
    },
}

impl Found {
    /// Asks the program at `path` now. Takes some milliseconds.
    #[must_use]
    pub fn examine(path: PathBuf, source: Source) -> Self {
        Self::with_version(version::ask(&path), path, source)
    }

    /// The same, from memory where the file is the one that was asked before.
    fn recall(path: PathBuf, source: Source, cache: &Path) -> Self {
        let memory = cache.join("firecracker-version.json");
        let version = path.metadata().and_then(|m| {
            let modified = (m.mtime(), m.mtime_nsec(), m.ctime(), m.ctime_nsec());
            let key = format!("{path:?} {} {} {} {modified:?}", m.dev(), m.ino(), m.size());
            remembered_if(&memory, &key, || version::ask(&path))
        });
        Self::with_version(version, path, source)
    }

    fn with_version(version: std::io::Result<Version>, path: PathBuf, source: Source) -> Self {
        let is_static = interpreter(&path).is_ok_and(|interpreter| interpreter.is_none());
        let condition = match version {
            Ok(version) if version >= Version::OLDEST => Condition::Usable { version },
            Ok(version) => Condition::TooOld { version },
            Err(error) => Condition::DoesNotRun { why: error.to_string() },
        };
        Self { path, source, is_static, condition }
    }

    /// Its version, where it can be used.
    #[must_use]
    pub fn usable(&self) -> Option<Version> {
        match self.condition {
            Condition::Usable { version } => Some(version),
            Condition::TooOld { .. } | Condition::DoesNotRun { .. } => None,
        }
    }

    /// What to do where it cannot be used, or should not be.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self.source {
            Source::Setting => {
                let setting = env_var::PYRO_FIRECRACKER;
                format!("point {setting} to another, or unset it and use `pyro runtime install`")
            }
            Source::Installed | Source::SearchPath => "pyro runtime install".into(),
        }
    }
}

/// One phrase: `Firecracker v1.11.0 at /usr/bin/firecracker is too old, …`.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.condition {
            Condition::Usable { version } => write!(f, "Firecracker v{version} at {path}"),
            Condition::TooOld { version } => {
                let oldest = Version::OLDEST;
                write!(f, "Firecracker v{version} at {path} is too old, pyro needs v{oldest}")
            }
            Condition::DoesNotRun { why } => write!(f, "{path} does not run as Firecracker: {why}"),
        }
    }
}

/// The Firecracker of this host: the one that the setting names, whatever it is worth; else the
/// newest that pyro installed; else the first on the search path.
#[must_use]
pub fn find(config: &Config) -> Option<Found> {
    let (path, source) = if let Some(path) = &config.firecracker {
        (path.clone(), Source::Setting)
    } else if let Some((_, path)) = installed(&config.paths.runtimes()).pop() {
        (path, Source::Installed)
    } else {
        (config.find_program(NAME)?, Source::SearchPath)
    };
    Some(Found::recall(path, source, config.paths.cache()))
}

/// Where the Firecracker of this version is installed below the directory of runtimes.
#[must_use]
pub fn place(runtimes: &Path, version: Version) -> PathBuf {
    runtimes.join(format!("{DIRECTORY}{version}")).join(NAME)
}

/// Every installed Firecracker, oldest first. Names that pyro does not give are passed over, and so
/// is a directory that a killed install or remove has left empty.
#[must_use]
pub fn installed(runtimes: &Path) -> Vec<(Version, PathBuf)> {
    let names = std::fs::read_dir(runtimes).into_iter().flatten().flatten();
    let versions = names.filter_map(|entry| {
        let version = Version::parse(entry.file_name().to_str()?.strip_prefix(DIRECTORY)?)?;
        let path = place(runtimes, version);
        path.is_file().then_some((version, path))
    });
    let mut found: Vec<_> = versions.collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn program(path: &Path, version: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\necho Firecracker v{version}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn config(home: &Path, setting: Option<&Path>) -> Config {
        Config::from_lookup("/pyro".into(), |name| match name {
            "PYRO_HOME" => Some(home.into()),
            "PATH" => Some(home.join("bin").into()),
            "PYRO_FIRECRACKER" => setting.map(Into::into),
            _ => None,
        })
        .unwrap()
    }

    fn found(config: &Config) -> (Source, String) {
        let found = find(config).unwrap();
        (found.source, found.usable().map_or_else(|| found.to_string(), |v| v.to_string()))
    }

    #[test]
    fn the_setting_comes_first_then_the_newest_installed_then_the_search_path() {
        let home = tempfile::tempdir().unwrap();
        let plain = config(home.path(), None);
        program(&home.path().join("bin/firecracker"), "1.13.0");
        assert_eq!(found(&plain), (Source::SearchPath, "1.13.0".into()));
        let runtimes = plain.paths.runtimes();
        for version in ["1.9.0", "1.14.0", "1.12.1"] {
            program(&place(&runtimes, Version::parse(version).unwrap()), version);
        }
        fs::create_dir(runtimes.join("firecracker-v1.99.0")).unwrap();
        fs::create_dir(runtimes.join("firecracker-vX")).unwrap();
        assert_eq!(found(&plain), (Source::Installed, "1.14.0".into()));
        let own = home.path().join("own");
        program(&own, "1.15.0");
        assert_eq!(found(&config(home.path(), Some(&own))), (Source::Setting, "1.15.0".into()));
    }

    #[test]
    fn what_cannot_be_used_says_why_and_a_new_file_is_asked_again() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("own");
        let config = config(home.path(), Some(&own));
        let said = |config| found(config).1;
        assert!(said(&config).contains("does not run as Firecracker"));
        program(&own, "1.11.9");
        let expected = format!(
            "Firecracker v1.11.9 at {} is too old, pyro needs v{}",
            own.display(),
            Version::OLDEST
        );
        assert_eq!(said(&config), expected);
        fs::remove_file(&own).unwrap();
        program(&own, "1.12.0");
        assert_eq!(said(&config), "1.12.0");
    }

    #[test]
    fn a_static_executable_is_told_from_others() {
        let home = tempfile::tempdir().unwrap();
        let own = home.path().join("own");
        program(&own, "1.12.0");
        assert!(!Found::examine(own, Source::Setting).is_static, "a script");
        let shell = Found::examine("/bin/sh".into(), Source::Setting);
        assert!(!shell.is_static && shell.usable().is_none(), "{shell}");
    }
}
