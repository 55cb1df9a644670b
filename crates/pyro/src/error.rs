//! One error for every surface. Each room has its own `thiserror` enum and says, through
//! [`Diagnose`], whose problem it is, under which stable code, and what to do next; [`Error`]
//! carries any of them. Nothing here prints or exits: that is the front ends' work.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whose problem an error is. Front ends map it to a heading, an exit code or an exception class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// The request itself is wrong: a bad argument, an unknown name, an illegal combination.
    Usage,
    /// The named thing does not exist.
    NotFound,
    /// Somebody else is working on the same thing; trying again can succeed.
    Busy,
    /// The host lacks something: a program, a permission, disk space, a working KVM.
    Host,
    /// The machine or the agent in it failed or broke the protocol.
    Guest,
    /// A deadline passed.
    Timeout,
    /// Refused on purpose, by a policy that the human can change.
    Denied,
    /// A fault in pyro.
    Internal,
}

/// What every error of this library can say about itself.
pub trait Diagnose: std::error::Error + Send + Sync + 'static {
    /// Whose problem it is.
    fn kind(&self) -> Kind;
    /// A stable `snake_case` name that scripts may match on.
    fn code(&self) -> &'static str;
    /// What to do next, one sentence each; empty where nothing useful can be said.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Any error of the library.
pub struct Error(Box<dyn Diagnose>);

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whose problem it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        self.report_ref().map_or_else(|| self.0.code(), |r| r.code.as_str())
    }

    /// What to do next.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        self.0.hints()
    }

    /// The same error as plain data: what crosses a process border and what `--json` prints.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            kind: self.kind(),
            code: self.code().to_owned(),
            message: self.to_string(),
            hints: self.hints(),
        }
    }

    fn report_ref(&self) -> Option<&Report> {
        let error: &(dyn std::error::Error + 'static) = &*self.0;
        error.downcast_ref::<Report>()
    }
}

/// The message with its causes, outermost first, joined by `: `.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(&*self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::error::Error for Error {}

impl<E: Diagnose> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// An error as plain data: {kind, code, message, hints} on every surface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whose problem it is.
    pub kind: Kind,
    /// The stable code.
    pub code: String,
    /// One line, causes included.
    pub message: String,
    /// What to do next.
    pub hints: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

/// A report that came from another process is an error like any other.
impl Diagnose for Report {
    fn kind(&self) -> Kind {
        self.kind
    }
    fn code(&self) -> &'static str {
        "reported" // `Error::code` answers with the report's own
    }
    fn hints(&self) -> Vec<String> {
        self.hints.clone()
    }
}

/// An input/output error that never loses what was being done to which path.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct PathError {
    /// What was attempted: `read`, `create`, …
    pub action: &'static str,
    /// On which host path.
    pub path: std::path::PathBuf,
    /// Why it failed.
    #[source]
    pub source: std::io::Error,
}

impl Diagnose for PathError {
    fn kind(&self) -> Kind {
        Kind::Host
    }
    fn code(&self) -> &'static str {
        match self.source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "no_space", // The disk, or the quota on it, is full.
            std::io::ErrorKind::PermissionDenied => "permission_denied", // The user may not do this with the file.
            _ => "io", // A file or a stream of the host cannot be read or written.
        }
    }
    fn hints(&self) -> Vec<String> {
        match self.code() {
            "no_space" => vec![format!("free some space on the disk of {}", self.path.display())],
            _ => Vec::new(),
        }
    }
}

/// Attaches action and path to an [`std::io::Result`] (or a `rustix` one).
pub trait AtPath<T> {
    /// `fs::read(&p).at("read", &p)?`
    ///
    /// # Errors
    /// The original error as a [`PathError`].
    fn at(self, action: &'static str, path: &std::path::Path) -> Result<T, PathError>;
}

impl<T, E: Into<std::io::Error>> AtPath<T> for std::result::Result<T, E> {
    fn at(self, action: &'static str, path: &std::path::Path) -> Result<T, PathError> {
        self.map_err(|e| PathError { action, path: path.to_owned(), source: e.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_keeps_kind_code_message_and_hints_across_a_border() {
        let original: Error = PathError {
            action: "write",
            path: "/x".into(),
            source: std::io::ErrorKind::StorageFull.into(),
        }
        .into();
        let wire = serde_json::to_string(&original.report()).unwrap();
        let back: Error = serde_json::from_str::<Report>(&wire).unwrap().into();
        assert_eq!(back.report(), original.report());
        assert_eq!(back.code(), "no_space");
        assert!(back.to_string().starts_with("cannot write /x: "));
    }
}
