//! What can be wrong with secrets, and why content that holds one is not given out.

use super::{MAX_ALL, MAX_SECRETS, MAX_VALUE};
use crate::error::{Diagnose, Kind, PathError};
use std::io::ErrorKind;
use std::path::PathBuf;

/// No message repeats anything of a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// A word without `=`.
    #[error("a secret is written {form}")]
    BadForm {
        /// How.
        form: &'static str,
    },
    /// A name that no file of the guest is to have. Perhaps it is the value: it is not repeated.
    #[error("a secret has a name that cannot be")]
    BadName,
    /// Nothing to deliver.
    #[error("the secret {name} is empty")]
    Empty {
        /// Which.
        name: String,
    },
    /// More than a secret has.
    #[error("the secret {name} has more than {} KiB", MAX_VALUE >> 10)]
    TooLarge {
        /// Which.
        name: String,
    },
    /// More than a workspace has.
    #[error("more than {MAX_SECRETS} secrets, or more than {} KiB of them", MAX_ALL >> 10)]
    TooMuch,
    /// Two of one name.
    #[error("the secret {name} is given twice")]
    Twice {
        /// Which.
        name: String,
    },
    /// It was to come from a directory, a pipe or a device.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// The host's environment has no such variable.
    #[error("the variable {variable} is not set")]
    NoVariable {
        /// Which.
        variable: String,
    },
    /// A command asks for a secret that its workspace does not have.
    #[error("the workspace has no secret {name:?}")]
    Unknown {
        /// Which.
        name: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// What a secret is to be called in a command's environment is no name of a variable.
    #[error("{variable:?} cannot be the name of a variable")]
    BadVariable {
        /// Which.
        variable: String,
    },
    /// An environment holds text only.
    #[error("the secret {name} is not text and cannot be in an environment")]
    NotText {
        /// Which.
        name: String,
    },
    /// A name or a label of the workspace holds the value.
    #[error("the workspace's {what} holds one of its secrets")]
    InTheOpen {
        /// `name` or `label`.
        what: &'static str,
    },
    /// Content that was asked for holds a secret.
    #[error("{} {} a secret of the workspace", listed(paths, *more), verb(paths))]
    InContent {
        /// Where it was found; the first of them, readable.
        paths: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// The file in which a workspace keeps its secrets is gone or damaged.
    #[error("the secrets of the workspace cannot be read from {}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// The guest did not take them.
    #[error("the guest cannot be given its secrets: {0}")]
    Undelivered(String),
    /// A file of the host failed.
    #[error(transparent)]
    Path(#[from] PathError),
}

fn listed(paths: &[String], more: usize) -> String {
    let named = paths.join(", ");
    match more {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn verb(paths: &[String]) -> &'static str {
    if paths.len() == 1 { "holds" } else { "hold" }
}

impl Diagnose for SecretError {
    fn kind(&self) -> Kind {
        match self {
            Self::Path(error) if is_missing(error) => Kind::NotFound,
            Self::Path(error) => error.kind(),
            Self::Unknown { .. } => Kind::NotFound,
            Self::InContent { .. } => Kind::Denied,
            Self::Damaged { .. } => Kind::Host,
            Self::Undelivered(_) => Kind::Guest,
            _ => Kind::Usage,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadForm { .. } => "secret_form",
            Self::BadName => "secret_name",
            Self::Empty { .. } => "secret_empty",
            Self::TooLarge { .. } | Self::TooMuch => "secret_too_large",
            Self::Twice { .. } => "secret_twice",
            Self::NotAFile { .. } => "secret_not_a_file",
            Self::NoVariable { .. } => "secret_variable_unset",
            Self::Unknown { .. } => "unknown_secret",
            Self::BadVariable { .. } => "bad_variable",
            Self::NotText { .. } => "secret_not_text",
            Self::InTheOpen { .. } => "secret_in_the_open",
            Self::InContent { .. } => "secret_in_content",
            Self::Damaged { .. } => "secrets_damaged",
            Self::Undelivered(_) => "secrets_undelivered",
            Self::Path(error) if is_missing(error) => "secret_file_not_found", // The file that a secret was to come from is not there.
            Self::Path(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::BadName => {
                "use 1 to 64 letters, digits, '_', '.' and '-', beginning with a letter, digit or '_'"
            }
            Self::Unknown { known, .. } if known.is_empty() => {
                "secrets are given when a workspace is created"
            }
            Self::Unknown { known, .. } => return vec![format!("it has {}", known.join(", "))],
            Self::BadVariable { .. } => {
                "name the variable too, SECRET=ENV_VAR: letters, digits and '_', not beginning with a digit"
            }
            Self::NotText { .. } => "read it from its file in /run/pyro-secrets",
            Self::InTheOpen { .. } => "names and labels are shown to everybody; choose another",
            Self::InContent { .. } => {
                "remove it there, or have the human allow it: --allow-secrets, on the command or on \
                 `pyro mcp serve`"
            }
            Self::Damaged { .. } => "create the workspace again",
            Self::Path(error) => return error.hints(),
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

fn is_missing(error: &PathError) -> bool {
    error.source.kind() == ErrorKind::NotFound
}
