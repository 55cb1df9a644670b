//! A path inside the guest. A type of its own, so that it can never be used as a host path by accident.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Bytes of a guest path. On the wire a string where it is UTF-8, else `{"bytes": [..]}`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GuestPath(Vec<u8>);

impl GuestPath {
    /// From the bytes a guest would use.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it names its components one by one: separated by single slashes, at least one, none
    /// of them `.` or `..`, without NUL. One that also [`GuestPath::is_absolute`] may be `/` alone.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let relative = match self.0.strip_prefix(b"/") {
            Some([]) => return true,
            Some(relative) => relative,
            None => &self.0,
        };
        let plain = |name: &[u8]| !matches!(name, b"" | b"." | b"..") && !name.contains(&0);
        relative.split(|byte| *byte == b'/').all(plain)
    }

    /// Whether it starts at the root.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.0.starts_with(b"/")
    }

    /// The order in which a tree is told: component by component, each by its bytes, and a
    /// directory before its content. Not the order of the paths' bytes: `a/b` comes before `a.b`.
    #[must_use]
    pub fn tree_order(&self, other: &Self) -> Ordering {
        let is_slash = |byte: &u8| *byte == b'/';
        self.0.split(is_slash).cmp(other.0.split(is_slash))
    }

    /// For the agent, whose own file system this path lives in.
    #[must_use]
    pub fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }
}

impl From<&str> for GuestPath {
    fn from(path: &str) -> Self {
        Self(path.as_bytes().to_vec())
    }
}

impl std::fmt::Display for GuestPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl std::fmt::Debug for GuestPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[derive(Serialize, Deserialize)]
struct Raw {
    bytes: Vec<u8>,
}

impl Serialize for GuestPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text.serialize(serializer),
            Err(_) => Raw { bytes: self.0.clone() }.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for GuestPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            Raw(Raw),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => Self(text.into_bytes()),
            Form::Raw(raw) => Self(raw.bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_has_nothing_to_resolve() {
        for plain in ["a", "/a", "/", "a/.b/...", "-", "a b\n"] {
            assert!(GuestPath::from(plain).is_plain(), "{plain:?}");
        }
        for not in ["", "//", "a/", "/a/", "a//b", ".", "/.", "..", "a/../b", "/a/..", "a\0b"] {
            assert!(!GuestPath::from(not).is_plain(), "{not:?}");
        }
    }

    #[test]
    fn a_tree_is_ordered_by_components() {
        let told = ["a", "a/b", "a/b/c", "a/b.c", "a-b", "a.b", "b"].map(GuestPath::from);
        assert!(told.is_sorted_by(|one, next| one.tree_order(next) == Ordering::Less));
    }

    #[test]
    fn both_forms_survive_the_wire() {
        for path in [&b"/workspace/a b"[..], b"/tmp/\xff\xfe", b""] {
            let path = GuestPath::new(path);
            let wire = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<GuestPath>(&wire).unwrap(), path);
        }
        assert_eq!(GuestPath::new(*b"/a\n\xff").to_string(), "/a\\n\\xff");
    }
}
