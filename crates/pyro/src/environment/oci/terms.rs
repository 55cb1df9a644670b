//! On whose word an image is fetched. A human may name any, and their logins go along. A model may name what
//! the human has allowed, as if the human did, and besides that images of public registries, which are asked as by
//! a stranger: a name that a model gives makes this host speak to nobody whom a guest could not reach.

use super::OciError;
use super::reference::Reference;
use crate::config::{Config, Registries};
use crate::fetch::{Client, FetchError, Guard};
use crate::network::{judge_public_address, judge_public_name};
use std::net::IpAddr;

/// Whose word counts for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Terms {
    /// The human's own, or one that the human has allowed.
    Human,
    /// A model's.
    Model,
}

impl Terms {
    /// Those for this image.
    ///
    /// # Errors
    /// [`OciError::NotAllowed`] where the registry's name alone forbids it.
    pub(super) fn of(settings: &Registries, reference: &Reference) -> Result<Self, OciError> {
        let name = reference.to_string();
        match &settings.allowed_images {
            None => Ok(Self::Human),
            Some(patterns) if patterns.iter().any(|pattern| pattern.names(&name)) => {
                Ok(Self::Human)
            }
            Some(_) => match judge_public_name(reference.host()) {
                Ok(()) => Ok(Self::Model),
                Err(reason) => Err(OciError::not_allowed(reference, reason.to_string())),
            },
        }
    }

    /// What asks the registry.
    pub(super) fn client(self, config: &Config) -> Result<Client, FetchError> {
        let patience = config.registries.patience;
        match self {
            Self::Human => Client::new(&config.proxies, patience),
            Self::Model => Client::guarded(&config.proxies, patience, PublicOnly),
        }
    }
}

/// Lets pass what is public, of registries as of those to whom they send: for tokens, or for layers.
#[derive(Debug)]
struct PublicOnly;

impl Guard for PublicOnly {
    fn judge_name(&self, host: &str) -> Result<(), String> {
        judge_public_name(host).map_err(|reason| reason.to_string())
    }

    fn judge_address(&self, host: &str, address: IpAddr) -> Result<(), String> {
        judge_public_address(host, address).map_err(|reason| reason.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Diagnose, Kind};

    fn terms(image: &str, allowed: Option<&[&str]>) -> Result<Terms, OciError> {
        let config =
            Config::from_lookup("/pyro".into(), |name| (name == "HOME").then(|| "/h".into()));
        let mut registries = config.unwrap().registries;
        registries.allowed_images = allowed
            .map(|patterns| patterns.iter().map(|pattern| pattern.parse().unwrap()).collect());
        Terms::of(&registries, &Reference::parse(image).unwrap())
    }

    #[test]
    fn a_human_names_all_and_a_model_what_is_public_or_allowed() {
        for image in ["python", "localhost:5000/a", "10.0.0.1/a", "git.corp/a"] {
            assert_eq!(terms(image, None).unwrap(), Terms::Human, "{image}");
            assert_eq!(terms(image, Some(&["*"])).unwrap(), Terms::Human, "{image}");
        }
        for image in ["python", "ghcr.io/a/b", "registry.example:5000/a"] {
            assert_eq!(terms(image, Some(&[])).unwrap(), Terms::Model, "{image}");
        }
        let named = Some(&["10.0.0.1/tools/*", "docker.io/library/python:3.12"][..]);
        assert_eq!(terms("10.0.0.1/tools/a:1", named).unwrap(), Terms::Human);
        assert_eq!(terms("python:3.12", named).unwrap(), Terms::Human);
        assert_eq!(terms("python:3.13", named).unwrap(), Terms::Model);
    }

    #[test]
    fn a_refusal_names_the_pattern_that_would_allow_it() {
        for (image, pattern) in [
            ("localhost:5000/a/b:1", "localhost:5000/a/b"),
            ("127.0.0.1/a", "127.0.0.1/a"),
            ("[::1]:5000/a", "[::1]:5000/a"),
            ("203.0.113.7/a", "203.0.113.7/a"),
            ("nas.local/a", "nas.local/a"),
        ] {
            let error = terms(image, Some(&[])).unwrap_err();
            assert_eq!(
                (error.kind(), error.code()),
                (Kind::Denied, "image_not_allowed"),
                "{image}"
            );
            let hints = error.hints().join(" ");
            assert!(hints.contains(&format!("--allow-image {pattern}")), "{hints}");
            assert_eq!(terms(image, Some(&[pattern])).unwrap(), Terms::Human, "{image}");
        }
    }
}
