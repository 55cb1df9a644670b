//! What a user wants installed: the pinned release, or bytes from a place of their own. Only words
//! are understood here; nothing is opened.

use super::RuntimeError;
use crate::digest;
use std::fmt;
use std::path::PathBuf;

/// What to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Where the bytes come from; absent for where the project publishes them.
    pub(super) from: Option<Place>,
    /// SHA-256 of the bytes; absent for that of the pinned release.
    pub(super) sha256: Option<String>,
}

/// Where bytes can come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of this host.
    File(PathBuf),
    /// `http://…` or `https://…`.
    Url(String),
}

impl Order {
    /// The pinned release, from where its project publishes it.
    #[must_use]
    pub fn pinned() -> Self {
        Self { from: None, sha256: None }
    }

    /// The archive of a release, or a bare executable, from a file or URL (`http`, `https` or
    /// `file`). Without a digest it must be that of the pinned release.
    ///
    /// # Errors
    /// [`RuntimeError::BadSource`] and [`RuntimeError::BadDigest`] for words that are neither.
    pub fn from(from: &str, sha256: Option<&str>) -> Result<Self, RuntimeError> {
        let sha256 = sha256.map(normal).transpose()?;
        Ok(Self { from: Some(place(from)?), sha256 })
    }
}

fn place(from: &str) -> Result<Place, RuntimeError> {
    let refuse = |reason| Err(RuntimeError::BadSource { from: from.to_owned(), reason });
    match from.split_once("://") {
        _ if from.is_empty() => refuse("it is empty"),
        None => Ok(Place::File(from.into())),
        Some(("http" | "https", _)) => Ok(Place::Url(from.to_owned())),
        Some(("file", path)) if path.starts_with('/') => Ok(Place::File(path.into())),
        Some(("file", _)) => refuse("a file URL needs an absolute path"),
        Some(_) => refuse("only http, https and file URLs are known"),
    }
}

fn normal(given: &str) -> Result<String, RuntimeError> {
    let text = given.trim().to_ascii_lowercase();
    if digest::is_digest(&text) {
        Ok(text)
    } else {
        Err(RuntimeError::BadDigest { given: given.to_owned() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Url(url) => crate::fetch::shown(url).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;

    #[test]
    fn files_and_three_kinds_of_urls_are_places() {
        let place = |from| Order::from(from, None).unwrap().from.unwrap();
        assert_eq!(place("a/b.tgz"), Place::File("a/b.tgz".into()));
        assert_eq!(place("file:///a/b"), Place::File("/a/b".into()));
        assert_eq!(place("https://u:p@h/f?t=1").to_string(), "https://h/f");
        for wrong in ["", "file://a", "ftp://h/f", "HTTP://h/f"] {
            assert_eq!(Order::from(wrong, None).unwrap_err().code(), "bad_source", "{wrong}");
        }
    }

    #[test]
    fn a_digest_has_64_hexadecimal_digits() {
        let digest = "AB".repeat(32);
        assert_eq!(Order::from("f", Some(&digest)).unwrap().sha256.unwrap(), "ab".repeat(32));
        for wrong in ["", "ab", &"xy".repeat(32), &"ab".repeat(33)] {
            assert_eq!(Order::from("f", Some(wrong)).unwrap_err().code(), "bad_digest");
        }
    }
}
