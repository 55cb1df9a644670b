//! Why a host was not told. Its settings are then as they were.

use pyro::error::{Diagnose, Kind, PathError};
use std::path::PathBuf;

/// Errors of `pyro host`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    /// Settings that cannot be read are not touched.
    #[error("the settings of {host} cannot be read: {why}")]
    Malformed { host: &'static str, why: String },
    /// Somebody else has taken the name.
    #[error("{host} has another server called pyro: {line}")]
    Foreign { host: &'static str, line: String },
    /// The host's own command is needed and not there.
    #[error("{title} is not installed: there is no `{program}` on PATH")]
    NotInstalled { host: &'static str, title: &'static str, program: &'static str },
    /// The host's own command did not do it.
    #[error("`{line}` failed: {said}")]
    Refused { line: String, said: String },
    /// Nobody knows where the settings lie.
    #[error("HOME is not set, so the settings of {host} cannot be found")]
    NoHome { host: &'static str },
    /// Nothing to repair.
    #[error("{title} has no entry of pyro")]
    NotConnected { host: &'static str, title: &'static str },
    /// A file that cannot be read or written.
    #[error(transparent)]
    File(#[from] PathError),
    /// A path that no JSON or TOML can hold.
    #[error("{} is not UTF-8, which the settings of chat hosts must be", .0.display())]
    NotUtf8(PathBuf),
}

impl Diagnose for HostError {
    fn kind(&self) -> Kind {
        match self {
            Self::Foreign { .. } => Kind::Denied,
            Self::NotConnected { .. } => Kind::NotFound,
            Self::NotUtf8(_) => Kind::Usage,
            Self::Malformed { .. }
            | Self::NotInstalled { .. }
            | Self::Refused { .. }
            | Self::NoHome { .. }
            | Self::File(_) => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "host_settings_malformed",
            Self::Foreign { .. } => "host_entry_foreign",
            Self::NotInstalled { .. } => "host_not_installed",
            Self::Refused { .. } => "host_command_failed",
            Self::NoHome { .. } => "home_not_set",
            Self::NotConnected { .. } => "host_not_connected",
            Self::File(error) => error.code(),
            Self::NotUtf8(_) => "path_not_utf8",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Malformed { .. } => {
                vec!["mend the file by hand; pyro changes nothing that it cannot read".into()]
            }
            Self::Foreign { .. } => {
                vec!["with --replace pyro takes the name, and keeps a copy of the settings".into()]
            }
            Self::NotInstalled { host, .. } => vec![format!(
                "install it, or put in by hand what `pyro host print-config {host}` prints"
            )],
            Self::NotConnected { host, .. } => vec![format!("`pyro host connect {host}` adds it")],
            Self::File(error) => error.hints(),
            Self::Refused { .. } | Self::NoHome { .. } | Self::NotUtf8(_) => Vec::new(),
        }
    }
}
