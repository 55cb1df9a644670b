//! References to images, as Docker users write them: `alpine`, `ghcr.io/owner/name:tag`,
//! `localhost:5000/name@sha256:…`. Grammar: the package `reference` of the distribution project, which
//! Docker itself uses. Only text: nothing here asks a registry.

use crate::digest::is_digest;
use std::fmt;
use std::net::IpAddr;

/// The registry of names that mention none.
const DEFAULT_REGISTRY: &str = "docker.io";
/// Where Docker Hub answers.
const DEFAULT_REGISTRY_API: &str = "registry-1.docker.io";
/// Docker Hub's namespace for names without one.
const OFFICIAL: &str = "library/";
const DEFAULT_TAG: &str = "latest";
/// Bytes of registry and repository together (`NameTotalLengthMax`).
const MAX_NAME: usize = 255;
/// Bytes of a tag.
const MAX_TAG: usize = 128;

/// Which image: registry, repository, and a tag or a digest. Its text is canonical: two references to
/// one thing read the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::environment) struct Reference {
    registry: String,
    repository: String,
    version: Version,
}

/// What of a repository is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Version {
    /// A name that may move.
    Tag(String),
    /// SHA-256 of a manifest, hexadecimal. It cannot move.
    Digest(String),
}

impl Reference {
    /// Reads what a human typed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::environment) fn parse(text: &str) -> Result<Self, &'static str> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = split_tag(name);
        let (registry, path) = split_registry(name);
        let official = registry == DEFAULT_REGISTRY && !path.contains('/');
        let repository = if official { format!("{OFFICIAL}{path}") } else { path.to_owned() };
        if !is_registry(registry) {
            return Err("its registry is no host name");
        }
        if !repository.split('/').all(is_component) {
            return Err("a name consists of lower-case letters, digits, and . _ - between them");
        }
        if registry.len() + 1 + repository.len() > MAX_NAME {
            return Err("it is too long");
        }
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err("its tag is not one");
        }
        let version = match digest.map(|digest| digest.strip_prefix("sha256:")) {
            // a digest says all, a tag beside it only remembers where it came from
            Some(Some(digest)) if is_digest(digest) => Version::Digest(digest.to_owned()),
            Some(_) => return Err("its digest is not sha256: with 64 hexadecimal digits"),
            None => Version::Tag(tag.unwrap_or(DEFAULT_TAG).to_owned()),
        };
        Ok(Self { registry: registry.to_owned(), repository, version })
    }

    /// The registry, as logins are kept for it.
    pub(super) fn registry(&self) -> &str {
        &self.registry
    }

    /// Where the registry answers: a host, perhaps with a port.
    pub(super) fn api_host(&self) -> &str {
        if self.registry == DEFAULT_REGISTRY { DEFAULT_REGISTRY_API } else { &self.registry }
    }

    /// The repository within the registry.
    pub(super) fn repository(&self) -> &str {
        &self.repository
    }

    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// Whether it means the same bytes for ever.
    pub(in crate::environment) fn is_fixed(&self) -> bool {
        matches!(self.version, Version::Digest(_))
    }

    /// The registry without its port: a name, or an address without brackets.
    pub(super) fn host(&self) -> &str {
        match self.registry.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.registry.split(':').next().unwrap_or_default(),
        }
    }

    /// Whether the registry is on this host, where nobody listens on the way.
    pub(super) fn is_on_this_host(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        match &self.version {
            Version::Tag(tag) => write!(f, ":{tag}"),
            Version::Digest(digest) => write!(f, "@sha256:{digest}"),
        }
    }
}

/// A colon behind the last slash begins a tag; before it, a port.
fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => (before, Some(tag)),
        _ => (name, None),
    }
}

/// The first component is a registry where it cannot be a part of a path on Docker Hub.
fn split_registry(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some(("docker.io" | "index.docker.io", path)) => (DEFAULT_REGISTRY, path),
        Some((first, path)) if first.contains(['.', ':', '[']) || first == "localhost" => {
            (first, path)
        }
        _ => (DEFAULT_REGISTRY, name),
    }
}

fn is_registry(registry: &str) -> bool {
    let (host, port) = match registry.strip_prefix('[') {
        Some(rest) => {
            let Some((host, port)) = rest.split_once(']') else { return false };
            if !matches!(host.parse(), Ok(IpAddr::V6(_))) {
                return false;
            }
            ("v6", port.strip_prefix(':').or(port.is_empty().then_some("0")))
        }
        None => match registry.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (registry, Some("0")),
        },
    };
    let is_label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        !label.is_empty()
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(is_label)
        && port.is_some_and(|port| {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
        })
}

/// `[a-z0-9]+` with `.`, `_`, `__` or any number of `-` between them.
fn is_component(component: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    component.starts_with(is_letter)
        && component.ends_with(is_letter)
        && component
            .split(is_letter)
            .all(|run| matches!(run, "" | "." | "_" | "__") || run.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let first = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let rest = |b: u8| first(b) || matches!(b, b'.' | b'-');
    tag.len() <= MAX_TAG && tag.bytes().next().is_some_and(first) && tag.bytes().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(text: &str) -> String {
        Reference::parse(text).map_or_else(str::to_owned, |reference| reference.to_string())
    }

    #[test]
    fn what_is_left_out_is_docker_hubs() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (typed, meant) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("index.docker.io/alpine", "docker.io/library/alpine:latest"),
            ("owner/name", "docker.io/owner/name:latest"),
            ("ghcr.io/a/b/c__d.e-f:V1", "ghcr.io/a/b/c__d.e-f:V1"),
            ("localhost/x", "localhost/x:latest"),
            ("127.0.0.1:5000/x", "127.0.0.1:5000/x:latest"),
            ("[::1]:5000/x:y", "[::1]:5000/x:y"),
        ] {
            assert_eq!(canonical(typed), meant, "{typed}");
            assert_eq!(canonical(meant), meant);
        }
        assert_eq!(canonical(&format!("a:b@{digest}")), format!("docker.io/library/a@{digest}"));
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let long = "a".repeat(256);
        for text in [
            "",
            ":",
            "@",
            "/",
            "a/",
            "/a",
            "a//b",
            "A",
            "a b",
            "a..b",
            "a___b",
            "-a",
            "a-",
            "a:",
            "a:-b",
            "a@sha256:00",
            "a@md5:00",
            "../a",
            "x.y/../z",
            "h:port/a",
            "h:70000/a",
            "[::1/a",
            "[h]/a",
            "a\n",
            "ä",
            "-.example/a",
            &long,
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?} is {}", canonical(text));
        }
    }

    #[test]
    fn only_loopback_is_this_host() {
        let here = |text| Reference::parse(text).unwrap().is_on_this_host();
        for text in ["localhost:1/a", "127.9.9.9/a", "[::1]:5000/a"] {
            assert!(here(text), "{text}");
        }
        for text in ["a", "localhost.example/a", "10.0.0.1:5000/a", "127.0.0.1.example/a"] {
            assert!(!here(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange_and_canonical_text_stays(text in ".{0,80}") {
            if let Ok(reference) = Reference::parse(&text) {
                let canonical = reference.to_string();
                prop_assert_eq!(Reference::parse(&canonical), Ok(reference));
            }
        }
    }
}
