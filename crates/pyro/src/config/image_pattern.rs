//! The patterns of `--allow-image`: which images a human lets a model name, whatever their registry is. Only
//! text, compared with names in full as `pyro env list` shows them.

use crate::error::{Diagnose, Kind};
use std::fmt;
use std::str::FromStr;

/// `ghcr.io/owner/name` is every version of that image, with a tag or a digest behind it one version;
/// `ghcr.io/owner/*` is every image below, `*` every image of every registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImagePattern(String);

/// A text that is no pattern.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a pattern of images")]
pub struct BadImagePattern(String);

impl ImagePattern {
    /// Whether it is about the image with this name in full.
    #[must_use]
    pub fn names(&self, image: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => image.starts_with(beginning),
            None => image
                .strip_prefix(&self.0)
                .is_some_and(|version| version.is_empty() || version.starts_with([':', '@'])),
        }
    }
}

/// The registry must be there: what Docker would add to a shorter name, a reader may not think of.
impl FromStr for ImagePattern {
    type Err = BadImagePattern;

    fn from_str(text: &str) -> Result<Self, BadImagePattern> {
        let bad = || BadImagePattern(text.to_owned());
        let (registry, path) = match text.split_once('/') {
            Some(parts) => parts,
            None if text == "*" => return Ok(Self(text.to_owned())),
            None => return Err(bad()),
        };
        let is_registry = registry == "localhost" || registry.contains(['.', ':', '[']);
        let name = path.strip_suffix("/*").unwrap_or(if path == "*" { "" } else { path });
        let is_plain = |c: char| c.is_ascii_graphic() && c != '*';
        let is_whole = path == "*" || name.split('/').all(|part| !part.is_empty());
        let is_pattern =
            is_registry && is_whole && registry.chars().chain(name.chars()).all(is_plain);
        is_pattern.then(|| Self(text.to_owned())).ok_or_else(bad)
    }
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Diagnose for BadImagePattern {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn code(&self) -> &'static str {
        "bad_allowed_image"
    }

    fn hints(&self) -> Vec<String> {
        vec![
            "write it in full, with its registry: docker.io/library/python, ghcr.io/owner/name:1, or \
             REGISTRY/* and REGISTRY/OWNER/* for all below"
                .into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_about_whole_names_only() {
        let about =
            |pattern: &str, image: &str| pattern.parse::<ImagePattern>().unwrap().names(image);
        for (pattern, image) in [
            ("docker.io/library/python", "docker.io/library/python:3.12"),
            ("ghcr.io/acme/tool", "ghcr.io/acme/tool@sha256:00"),
            ("ghcr.io/acme/tool:1", "ghcr.io/acme/tool:1"),
            ("ghcr.io/acme/*", "ghcr.io/acme/deep/tool:1"),
            ("127.0.0.1:5000/*", "127.0.0.1:5000/tool:1"),
            ("localhost/*", "localhost/tool:1"),
            ("*", "localhost:5000/tool:1"),
        ] {
            assert!(about(pattern, image), "{pattern} {image}");
        }
        for (pattern, image) in [
            ("docker.io/library/python", "docker.io/library/python2:1"),
            ("docker.io/library/python", "docker.io/library/python/x:1"),
            ("ghcr.io/acme/tool:1", "ghcr.io/acme/tool:10"),
            ("ghcr.io/acme/*", "ghcr.io/acmes/tool:1"),
            ("ghcr.io/*", "ghcr.io.evil.example/tool:1"),
            ("127.0.0.1:5000/*", "127.0.0.1:50001/tool:1"),
            ("localhost/*", "localhost:5000/tool:1"),
        ] {
            assert!(!about(pattern, image), "{pattern} {image}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "",
            "python",
            "acme/tool",
            "ghcr.io",
            "ghcr.io/",
            "ghcr.io/acme/",
            "ghcr.io/a*",
            "ghcr.io/*/tool",
            "*/tool",
            "ghcr.io//a",
            "ghcr.io/a b",
            "ghcr.io/a/**",
        ] {
            assert!(text.parse::<ImagePattern>().is_err(), "{text}");
        }
        for text in ["*", "ghcr.io/*", "ghcr.io/acme/tool@sha256:00", "[::1]:5000/a"] {
            assert_eq!(text.parse::<ImagePattern>().unwrap().to_string(), text);
        }
    }
}
