//! One secret: its name, its value, and where that is from.

use super::error::SecretError;
use super::{MAX_ALL, MAX_SECRETS, MAX_VALUE, MIN_REDACTED};
use crate::error::AtPath;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest name, in characters.
const MAX_NAME: usize = 64;

/// A secret. Its value is shown by nothing that prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub(super) name: String,
    pub(super) source_kind: SourceKind,
    pub(super) value: Vec<u8>,
}

/// What may be known about a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFacts {
    /// How it is called.
    pub name: String,
    /// Where its value was from.
    pub source_kind: SourceKind,
}

/// Where a value was from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// It was written down in the call.
    Literal,
    /// A file of the host.
    File,
    /// A variable of the host's environment.
    Environment,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Literal => "literal",
            Self::File => "file",
            Self::Environment => "environment",
        })
    }
}

impl Secret {
    /// `NAME=VALUE`, as a command line has it. The error repeats nothing of what has no name.
    ///
    /// # Errors
    /// [`SecretError`] about its form, name or size.
    /// # Example
    /// ```
    /// use pyro::secret::Secret;
    /// use pyro::workspace::WorkspaceSpec;
    ///
    /// let token = Secret::parse("token=correct-horse-battery")?;
    /// assert_eq!(token.name(), "token");
    /// assert!(!format!("{token:?}").contains("battery"), "nothing shows its value");
    ///
    /// // what everybody sees cannot hold it
    /// let spec = WorkspaceSpec {
    ///     name: Some("correct-horse-battery".into()),
    ///     secrets: vec![token],
    ///     ..WorkspaceSpec::default()
    /// };
    /// assert_eq!(spec.check().unwrap_err().code(), "secret_in_the_open");
    /// # Ok::<(), pyro::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let (name, value) = pair(text, "NAME=VALUE")?;
        Self::literal(name, value)
    }

    /// A value that was written down in the call.
    ///
    /// # Errors
    /// [`SecretError`] about its name or size.
    pub fn literal(name: &str, value: &str) -> Result<Self, SecretError> {
        Self::new(name, SourceKind::Literal, value.as_bytes().to_vec())
    }

    /// `NAME=PATH`: all bytes of a file that a human has named. Links are followed, and nothing makes this wait.
    ///
    /// # Errors
    /// [`SecretError`], or why the file cannot be read.
    pub fn parse_file(text: &str) -> Result<Self, SecretError> {
        let (name, path) = pair(text, "NAME=PATH")?;
        let patient = OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = i32::try_from(patient.bits()).unwrap_or_default();
        let path = Path::new(path);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).at("open", path)?;
        Self::of_file(name, file, path)
    }

    /// All bytes of an open file; `path` is what it is called.
    ///
    /// # Errors
    /// [`SecretError`], or why it cannot be read.
    pub fn of_file(name: &str, file: File, path: &Path) -> Result<Self, SecretError> {
        check_name(name)?;
        if !file.metadata().at("look at", path)?.is_file() {
            return Err(SecretError::NotAFile { path: path.to_owned() });
        }
        let mut value = Vec::new();
        file.take(MAX_VALUE as u64 + 1).read_to_end(&mut value).at("read", path)?;
        Self::new(name, SourceKind::File, value)
    }

    /// `NAME` or `NAME=VARIABLE`: what `lookup` knows of a variable of the host's environment.
    ///
    /// # Errors
    /// [`SecretError`], or that there is no such variable.
    pub fn parse_environment<V: AsRef<OsStr>>(
        text: &str,
        lookup: impl FnOnce(&str) -> Option<V>,
    ) -> Result<Self, SecretError> {
        let (name, variable) = text.split_once('=').unwrap_or((text, text));
        check_name(name)?;
        let unset = || SecretError::NoVariable { variable: variable.to_owned() };
        let value = lookup(variable).ok_or_else(unset)?;
        Self::new(name, SourceKind::Environment, value.as_ref().as_bytes().to_vec())
    }

    fn new(name: &str, source_kind: SourceKind, value: Vec<u8>) -> Result<Self, SecretError> {
        check_name(name)?;
        let name = name.to_owned();
        match value.len() {
            0 => Err(SecretError::Empty { name }),
            size if size > MAX_VALUE => Err(SecretError::TooLarge { name }),
            _ => Ok(Self { name, source_kind, value }),
        }
    }

    /// How it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value, as a guest gets it.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// What may be known about it.
    #[must_use]
    pub fn facts(&self) -> SecretFacts {
        SecretFacts { name: self.name.clone(), source_kind: self.source_kind }
    }

    /// What the human should know about it, if anything.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        (self.core().len() < MIN_REDACTED).then(|| {
            format!(
                "the secret {} has fewer than {MIN_REDACTED} bytes: it is delivered, and not taken out \
                 of any output",
                self.name
            )
        })
    }

    /// The value as programs pass it on: without the line's end that editors put behind it.
    pub(super) fn core(&self) -> &[u8] {
        let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let end = self.value.iter().rposition(|byte| !ends(byte)).map_or(0, |last| last + 1);
        self.value.get(..end).unwrap_or_default()
    }
}

/// Without the value.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, source_kind, value: _ } = self;
        f.debug_struct("Secret").field("name", name).field("source_kind", source_kind).finish()
    }
}

/// Refuses two of one name, too many, and too much.
pub(super) fn check_all(secrets: &[Secret]) -> Result<(), SecretError> {
    for (number, secret) in secrets.iter().enumerate() {
        if secrets.iter().take(number).any(|other| other.name == secret.name) {
            return Err(SecretError::Twice { name: secret.name.clone() });
        }
    }
    let bytes: usize = secrets.iter().map(|secret| secret.value.len()).sum();
    if secrets.len() > MAX_SECRETS || bytes > MAX_ALL {
        return Err(SecretError::TooMuch);
    }
    Ok(())
}

fn pair<'t>(text: &'t str, form: &'static str) -> Result<(&'t str, &'t str), SecretError> {
    text.split_once('=').ok_or(SecretError::BadForm { form })
}

/// A name is that of a file in the guest.
fn check_name(name: &str) -> Result<(), SecretError> {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| first(c) || matches!(c, '.' | '-');
    if name.len() <= MAX_NAME && name.starts_with(first) && name.chars().all(rest) {
        return Ok(());
    }
    Err(SecretError::BadName)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;

    #[test]
    fn names_are_those_of_files_and_nothing_of_a_bad_one_is_repeated() {
        for name in ["TOKEN", "_x", "api-key.v2", "7", &"a".repeat(64)] {
            assert!(Secret::literal(name, "v").is_ok(), "{name}");
        }
        for name in ["", ".", "..", "-x", "a/b", "a b", "ä", "hunter2 ", &"a".repeat(65)] {
            let error = Secret::literal(name, "v").unwrap_err();
            assert_eq!(error.code(), "secret_name", "{name}");
            assert!(name.is_empty() || !error.to_string().contains("hunter2"), "{error}");
        }
        let error = Secret::parse("hunter2hunter2").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn a_value_comes_from_a_word_a_file_or_a_variable_and_is_never_printed() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("token");
        std::fs::write(&file, "from a file\n").unwrap();
        let secrets = [
            Secret::parse("A=from a word=").unwrap(),
            Secret::parse_file(&format!("B={}", file.display())).unwrap(),
            Secret::parse_environment("C=HOST", |name| Some(format!("from the variable {name}")))
                .unwrap(),
        ];
        let values: Vec<_> = secrets.iter().map(Secret::value).collect();
        assert_eq!(values, [&b"from a word="[..], b"from a file\n", b"from the variable HOST"]);
        assert!(!format!("{secrets:?}").contains("from"));
        let kinds: Vec<_> = secrets.iter().map(|s| s.facts().source_kind.to_string()).collect();
        assert_eq!(kinds, ["literal", "file", "environment"]);
        let unset = Secret::parse_environment("C", |_| None::<&str>).unwrap_err();
        assert_eq!(unset.code(), "secret_variable_unset");
        let missing = Secret::parse_file("B=/nowhere/at/all").unwrap_err();
        assert_eq!(missing.code(), "secret_file_not_found");
        let directory = Secret::parse_file("B=/").unwrap_err();
        assert_eq!(directory.code(), "secret_not_a_file");
    }

    #[test]
    fn what_is_too_short_to_be_looked_for_is_warned_of() {
        let short = |value: &str| Secret::literal("A", value).unwrap().warning().is_some();
        assert!(short("1234567") && short("1234567\n"));
        assert!(!short("12345678") && !short("12345678\n"));
    }

    #[test]
    fn sizes_and_numbers_have_an_end() {
        let large = "x".repeat(MAX_VALUE);
        assert!(Secret::literal("A", &large).is_ok());
        assert!(Secret::literal("A", &(large.clone() + "x")).is_err());
        assert!(Secret::literal("A", "").is_err());
        let many = |count: usize, value: &str| {
            let secrets: Vec<_> = (0..count)
                .map(|number| Secret::literal(&format!("S{number}"), value).unwrap())
                .collect();
            check_all(&secrets)
        };
        assert!(many(MAX_SECRETS, "v").is_ok() && many(MAX_SECRETS + 1, "v").is_err());
        assert!(many(4, &large).is_ok() && many(5, &large).is_err());
        let twice = [Secret::literal("A", "1").unwrap(), Secret::literal("A", "2").unwrap()];
        assert_eq!(check_all(&twice).unwrap_err().code(), "secret_twice");
    }
}
