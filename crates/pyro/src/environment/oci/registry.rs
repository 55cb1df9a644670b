//! A registry, asked about one repository: distribution-spec 1.1 over HTTP, with its two ways of logging in.
//! What is sent to it is the business of `upload`.
//!
//! It is `ureq` that asks, as for everything else that pyro fetches. The crate `oci-client` would bring a
//! second HTTP client and an asynchronous runtime for what are a few kinds of requests, and decides by itself
//! how to retry and what to keep in memory.

use super::challenge::Challenge;
use super::document::ACCEPTED;
use super::login::{self, Login};
use super::reference::{Reference, Version};
use super::terms::Terms;
use super::{OciError, retry};
use crate::config::Config;
use crate::digest;
use crate::event::Observer;
use crate::fetch::{Answer, Client, FetchError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::sync::{OnceLock, PoisonError, RwLock};

/// Bytes of a token server's answer, and of what a registry says about an error.
const MAX_ANSWER: u64 = 256 << 10;
/// How much of the latter is repeated.
const MAX_SAID: usize = 160;

/// A repository in its registry.
#[derive(Debug)]
pub(super) struct Registry<'c> {
    config: &'c Config,
    reference: &'c Reference,
    terms: Terms,
    client: Client,
    /// `https` or `http`, once that is known.
    scheme: OnceLock<&'static str>,
    /// The header `Authorization` that was accepted last.
    authorization: RwLock<Option<String>>,
    login: OnceLock<Option<Login>>,
}

impl<'c> Registry<'c> {
    /// The registry of `reference`; it is not asked yet.
    ///
    /// # Errors
    /// An image that may not be named, or a proxy setting that cannot be used.
    pub(super) fn of(config: &'c Config, reference: &'c Reference) -> Result<Self, OciError> {
        let terms = Terms::of(&config.registries, reference)?;
        let client = terms.client(config)?;
        Ok(Self {
            config,
            reference,
            terms,
            client,
            scheme: OnceLock::new(),
            authorization: RwLock::default(),
            login: OnceLock::new(),
        })
    }

    /// A manifest or an index with its SHA-256: that of the reference, or the one with a digest.
    pub(super) fn manifest(
        &self,
        digest: Option<&str>,
        max_bytes: u64,
        observer: Observer<'_>,
    ) -> Result<(String, Vec<u8>), OciError> {
        let digest = digest.or(match self.reference.version() {
            Version::Digest(digest) => Some(digest),
            Version::Tag(_) => None,
        });
        let version = match (digest, self.reference.version()) {
            (Some(digest), _) => format!("sha256:{digest}"),
            (None, Version::Tag(tag) | Version::Digest(tag)) => tag.clone(),
        };
        let path = format!("manifests/{version}");
        let bytes = retry::stubbornly(self.config, observer, || {
            Ok(self.get(&path, &[("Accept", ACCEPTED)])?.bytes(max_bytes)?)
        })?;
        let found = digest::of_bytes(&bytes);
        if let Some(expected) = digest {
            check("the manifest", expected, &found)?;
        }
        Ok((found, bytes))
    }

    /// A small blob, whole.
    pub(super) fn blob(
        &self,
        what: &str,
        digest: &str,
        size: u64,
        observer: Observer<'_>,
    ) -> Result<Vec<u8>, OciError> {
        let bytes = retry::stubbornly(self.config, observer, || {
            Ok(self.get(&format!("blobs/sha256:{digest}"), &[])?.bytes(size)?)
        })?;
        check(what, digest, &digest::of_bytes(&bytes))?;
        Ok(bytes)
    }

    /// The beginning of an answer that brings a blob from byte `from` on, or all of it where the registry
    /// cannot leave anything out: status 200.
    pub(super) fn blob_from(&self, digest: &str, from: u64) -> Result<Answer, OciError> {
        let range = format!("bytes={from}-");
        let headers: &[_] = if from == 0 { &[] } else { &[("Range", &*range)] };
        self.get(&format!("blobs/sha256:{digest}"), headers)
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, OciError> {
        let answer = self.ask(path, |client, url, authorization| {
            let headers: Vec<_> = headers.iter().copied().chain(authorization).collect();
            client.get(url, &headers)
        });
        match answer {
            Err(OciError::Fetch(FetchError::Forbidden { reason, .. })) => {
                Err(OciError::not_allowed(self.reference, reason))
            }
            answer => self.judge(answer?),
        }
    }

    /// Asks about a path below the repository, and logs in where that is wanted.
    pub(super) fn ask(
        &self,
        path: &str,
        mut ask: impl FnMut(&Client, &str, Option<(&str, &str)>) -> Result<Answer, FetchError>,
    ) -> Result<Answer, OciError> {
        let (host, repository) = (self.reference.api_host(), self.reference.repository());
        self.logged_in(|authorization| {
            self.by_scheme(|scheme| {
                let url = format!("{scheme}://{host}/v2/{repository}/{path}");
                ask(&self.client, &url, authorization)
            })
        })
    }

    /// Asks at a place that the registry has named, which need not be at the registry: nobody else is told
    /// who asks.
    pub(super) fn ask_at(
        &self,
        place: &Place,
        mut ask: impl FnMut(&Client, &str, Option<(&str, &str)>) -> Result<Answer, FetchError>,
    ) -> Result<Answer, OciError> {
        match place {
            Place::Registry(url) => {
                self.logged_in(|authorization| Ok(ask(&self.client, url, authorization)?))
            }
            Place::Elsewhere(url) => Ok(ask(&self.client, url, None)?),
        }
    }

    /// The place in a header `Location` of the registry's.
    pub(super) fn place(&self, location: &str) -> Result<Place, OciError> {
        let scheme = self.scheme.get().copied().unwrap_or("https");
        Place::of(location, scheme, self.reference.api_host())
            .ok_or_else(|| self.no_registry("it names no place to send anything to"))
    }

    fn logged_in(
        &self,
        mut ask: impl FnMut(Option<(&str, &str)>) -> Result<Answer, OciError>,
    ) -> Result<Answer, OciError> {
        let authorization =
            self.authorization.read().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = ask(authorization.as_deref().map(|value| ("Authorization", value)))?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        // no token yet, one that has run out, or one for less
        let Some(authorization) = self.log_in(&answer)? else { return Ok(answer) };
        let answer = ask(Some(("Authorization", &authorization)))?;
        if answer.status() != 401 {
            let mut kept = self.authorization.write().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(authorization);
        }
        Ok(answer)
    }

    /// Finds out whether the registry speaks TLS, once.
    fn by_scheme(
        &self,
        mut ask: impl FnMut(&str) -> Result<Answer, FetchError>,
    ) -> Result<Answer, OciError> {
        if let Some(scheme) = self.scheme.get() {
            return Ok(ask(scheme)?);
        }
        let registry = self.reference.registry();
        if self.config.registries.plain_http.iter().any(|plain| plain == registry) {
            return Ok(ask(self.scheme.get_or_init(|| "http"))?);
        }
        match ask("https") {
            Err(error) if error.is_no_tls() && self.reference.is_on_this_host() => {
                Ok(ask(self.scheme.get_or_init(|| "http"))?)
            }
            Err(error) if error.is_no_tls() => {
                Err(OciError::PlainHttp { registry: registry.to_owned() })
            }
            answer => {
                let answer = answer?;
                self.scheme.get_or_init(|| "https");
                Ok(answer)
            }
        }
    }

    /// What to say who one is, in the way that the registry asks for; `None` where there is nothing to say.
    fn log_in(&self, answer: &Answer) -> Result<Option<String>, OciError> {
        let login = match self.login.get() {
            Some(login) => login,
            None => {
                let found = match self.terms {
                    Terms::Human => login::find(self.config, self.reference)?,
                    Terms::Model => None,
                };
                self.login.get_or_init(|| found)
            }
        };
        let challenges = answer.headers("WWW-Authenticate");
        match (challenges.filter_map(Challenge::parse).next(), login) {
            (Some(Challenge::Basic), Some(Login::Password { name, password })) => {
                Ok(Some(basic(name, password)))
            }
            (Some(Challenge::Bearer { realm, service, scope }), login) => {
                let scope = scope
                    .unwrap_or_else(|| format!("repository:{}:pull", self.reference.repository()));
                let token = self.token(&realm, service.as_deref(), &scope, login.as_ref())?;
                Ok(Some(format!("Bearer {token}")))
            }
            _ => Ok(None),
        }
    }

    /// A token for this repository. Passwords go only where the registry itself may have them.
    fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        login: Option<&Login>,
    ) -> Result<String, OciError> {
        let is_safe = realm.starts_with("https://")
            || (realm.starts_with("http://") && self.scheme.get() == Some(&"http"));
        if !is_safe {
            return Err(self.no_registry("it sends logins to where they could be read"));
        }
        let service = service.map(|service| ("service", service));
        let parameters = service.into_iter().chain([("scope", scope)]);
        let answer = match login {
            Some(Login::IdentityToken(token)) => {
                let grant = [
                    ("grant_type", "refresh_token"),
                    ("client_id", "pyro"),
                    ("refresh_token", token),
                ];
                self.client.post_form(realm, &parameters.chain(grant).collect::<Vec<_>>())?
            }
            Some(Login::Password { name, password }) => {
                let headers = [("Authorization", &*basic(name, password))];
                self.client.get(&with_query(realm, parameters), &headers)?
            }
            None => self.client.get(&with_query(realm, parameters), &[])?,
        };
        let answer = self.judge(answer)?.bytes(MAX_ANSWER)?;
        let tokens: Tokens =
            serde_json::from_slice(&answer).map_err(|_| self.no_registry("its token is none"))?;
        let token = tokens.token.or(tokens.access_token).unwrap_or_default();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(self.no_registry("its token is none"));
        }
        Ok(token)
    }

    /// The answer, where it is one to be content with.
    fn judge(&self, answer: Answer) -> Result<Answer, OciError> {
        let registry = self.reference.registry().to_owned();
        match answer.status() {
            200..=299 => Ok(answer),
            401 | 403 => Err(self.refused(answer)),
            404 | 410 => {
                Err(OciError::NoSuchImage { registry, image: self.image(), message: said(answer) })
            }
            // the blob is shorter than what is here of it: said by the caller
            416 => Ok(answer),
            408 | 425 | 429 | 500..=599 => Err(self.unwell(answer)),
            status => Err(self.no_registry(&format!("it answers with HTTP status {status}"))),
        }
    }

    /// The same for what it was sent.
    pub(super) fn judge_sent(&self, what: &str, answer: Answer) -> Result<Answer, OciError> {
        let (registry, image) = (self.reference.registry().to_owned(), self.image());
        match answer.status() {
            200..=299 => Ok(answer),
            401 | 403 => Err(OciError::NotTaken {
                registry,
                image,
                logged_in: matches!(self.login.get(), Some(Some(_))),
                message: said(answer),
            }),
            404 | 410 => Err(OciError::NoRepository {
                registry,
                repository: self.reference.repository().to_owned(),
                message: said(answer),
            }),
            408 | 425 | 429 | 500..=599 => Err(self.unwell(answer)),
            status => {
                let (what, message) = (what.to_owned(), said(answer));
                Err(OciError::Rejected { registry, what, status, message })
            }
        }
    }

    fn unwell(&self, answer: Answer) -> OciError {
        let seconds = answer.headers("Retry-After").find_map(|text| text.parse().ok());
        OciError::Unwell {
            registry: self.reference.registry().to_owned(),
            status: answer.status(),
            retry_after: seconds,
            message: said(answer),
        }
    }

    fn refused(&self, answer: Answer) -> OciError {
        if self.terms == Terms::Model {
            let registry = self.reference.registry();
            let reason = format!("{registry} does not hand it out without a login");
            return OciError::not_allowed(self.reference, reason);
        }
        OciError::Refused {
            registry: self.reference.registry().to_owned(),
            image: self.image(),
            logged_in: matches!(self.login.get(), Some(Some(_))),
            message: said(answer),
        }
    }

    fn no_registry(&self, what: &str) -> OciError {
        let registry = self.reference.registry().to_owned();
        OciError::NotARegistry { registry, what: what.to_owned() }
    }

    /// The image without its registry.
    fn image(&self) -> String {
        let whole = self.reference.to_string();
        whole
            .strip_prefix(self.reference.registry())
            .unwrap_or(&whole)
            .trim_start_matches('/')
            .to_owned()
    }
}

/// Where a registry wants something to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// To itself.
    Registry(String),
    /// To somebody else, as registries do that keep their bytes in another's store.
    Elsewhere(String),
}

impl Place {
    /// Reads a `Location`. Plain HTTP leads nowhere from TLS; a registry behind a proxy that speaks TLS for it
    /// may not know that it is spoken with so.
    fn of(location: &str, scheme: &str, host: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(Self::Registry(format!("{scheme}://{host}{location}")));
        }
        let (named, rest) = location.split_once("://")?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority == host {
            return Some(Self::Registry(format!("{scheme}://{rest}")));
        }
        let is_safe = named == "https" || (named == "http" && scheme == "http");
        is_safe.then(|| Self::Elsewhere(location.to_owned()))
    }

    pub(super) fn with_digest(self, digest: &str) -> Self {
        let with = |url: String| {
            let separator = if url.contains('?') { '&' } else { '?' };
            format!("{url}{separator}digest=sha256:{digest}")
        };
        match self {
            Self::Registry(url) => Self::Registry(with(url)),
            Self::Elsewhere(url) => Self::Elsewhere(with(url)),
        }
    }
}

/// Refuses bytes that are not those that were ordered.
pub(in crate::environment) fn check(
    what: &str,
    expected: &str,
    found: &str,
) -> Result<(), OciError> {
    if expected == found {
        return Ok(());
    }
    let (what, expected, found) = (what.to_owned(), expected.to_owned(), found.to_owned());
    Err(OciError::WrongDigest { what, expected, found })
}

#[derive(Deserialize)]
struct Tokens {
    token: Option<String>,
    access_token: Option<String>,
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn with_query<'a>(realm: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut url = realm.to_owned();
    for (name, value) in parameters {
        url.push(if url.contains('?') { '&' } else { '?' });
        url += name;
        url.push('=');
        for byte in value.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    url.push(char::from(byte));
                }
                _ => url += &format!("%{byte:02X}"),
            }
        }
    }
    url
}

/// The message in a registry's JSON about an error, as far as it is fit to be shown.
fn said(answer: Answer) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Said>,
    }
    #[derive(Deserialize)]
    struct Said {
        #[serde(default)]
        message: String,
    }
    let bytes = answer.bytes(MAX_ANSWER).unwrap_or_default();
    let errors = serde_json::from_slice::<Errors>(&bytes).map(|answer| answer.errors);
    let first = errors.unwrap_or_default().into_iter().next();
    let message = first.map(|said| said.message).unwrap_or_default();
    message.chars().filter(|c| !c.is_control()).take(MAX_SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_written_so_that_they_arrive() {
        let url =
            with_query("https://a/token?x=y", [("scope", "repository:a/b:pull c")].into_iter());
        assert_eq!(url, "https://a/token?x=y&scope=repository%3Aa%2Fb%3Apull%20c");
        assert_eq!(with_query("https://a", [("service", "s")].into_iter()), "https://a?service=s");
    }

    #[test]
    fn a_registry_leads_where_nobody_can_listen() {
        let place = |location: &str| Place::of(location, "https", "r.example:5000");
        let here = |path: &str| Some(Place::Registry(format!("https://r.example:5000{path}")));
        assert_eq!(place("/v2/a/blobs/uploads/1?s=x"), here("/v2/a/blobs/uploads/1?s=x"));
        assert_eq!(place("http://r.example:5000/up"), here("/up"), "it speaks TLS all the same");
        let store = "https://store.example/up?key=k";
        assert_eq!(place(store), Some(Place::Elsewhere(store.into())));
        for nowhere in ["http://store.example/up", "//store.example/up", "up", "", "file:///etc"] {
            assert_eq!(place(nowhere), None, "{nowhere}");
        }
        let sent = Place::Elsewhere(store.into()).with_digest("00");
        assert_eq!(sent, Place::Elsewhere(format!("{store}&digest=sha256:00")));
    }
}
