//! Conversations with a server whose status and headers count, not only its bytes. Connections are
//! kept for the next question. Whoever asks judges the status.

use super::guard::{Guard, Guarded};
use super::{Download, FetchError, explain, proxy, settings, shown};
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::RedirectAuthHeaders;
use ureq::http::Response;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector, DefaultConnector};
use ureq::{Agent, Body, SendBody};

/// How many times its usual patience a server may think about what it was sent: it may have to bring all of
/// it to where it keeps it first.
const DIGESTION: u32 = 5;

/// Asks servers. One per conversation: it knows no server yet.
pub struct Client {
    plain: Agent,
    tls: Agent,
    patience: Duration,
}

/// What a server answered; its content is not read yet.
pub struct Answer {
    url: String,
    response: Response<Body>,
    patience: Duration,
}

impl Client {
    /// A client that takes a server for dead after `patience` without a byte.
    ///
    /// # Errors
    /// [`FetchError::BadProxy`].
    pub fn new(proxies: &[(String, OsString)], patience: Duration) -> Result<Self, FetchError> {
        Self::with_agents(proxies, patience, |config| config.new_agent())
    }

    /// The same, which asks nobody whom `guard` refuses, wherever a question or a redirect leads.
    ///
    /// # Errors
    /// [`FetchError::BadProxy`].
    pub(crate) fn guarded(
        proxies: &[(String, OsString)],
        patience: Duration,
        guard: impl Guard + 'static,
    ) -> Result<Self, FetchError> {
        let guard: Arc<dyn Guard> = Arc::new(guard);
        Self::with_agents(proxies, patience, |config| {
            let guarded = Guarded::new(guard.clone(), config.proxy().is_some());
            let connector = guarded.chain(DefaultConnector::default());
            Agent::with_parts(config, connector, DefaultResolver::default())
        })
    }

    fn with_agents(
        proxies: &[(String, OsString)],
        patience: Duration,
        agent: impl Fn(ureq::config::Config) -> Agent,
    ) -> Result<Self, FetchError> {
        let agent = |scheme| {
            let proxy = proxy::for_scheme(scheme, proxies)?;
            let settings = settings(scheme, proxy, patience).http_status_as_error(false);
            let settings = settings.redirect_auth_headers(RedirectAuthHeaders::SameHost);
            Ok::<_, FetchError>(agent(settings.build()))
        };
        Ok(Self { plain: agent("http")?, tls: agent("https")?, patience })
    }

    /// `GET url`. Redirects are followed; authorization goes along only on the same host.
    ///
    /// # Errors
    /// [`FetchError`]; a status is none.
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let request = headers.iter().fold(self.agent(url)?.get(url), |r, (k, v)| r.header(*k, *v));
        self.answer(url, request.call())
    }

    /// `POST url` with a form.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let form = form.iter().copied();
        self.answer(url, self.agent(url)?.post(url).send_form(form))
    }

    /// `POST url` with a JSON document, which goes nowhere else: a redirect is an answer like any other.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post_json(&self, url: &str, document: &[u8]) -> Result<Answer, FetchError> {
        let request = self.agent(url)?.post(url).content_type("application/json");
        self.answer(url, request.config().max_redirects(0).build().send(document))
    }

    /// `HEAD url`: an answer without content.
    pub(crate) fn head(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let request = headers.iter().fold(self.agent(url)?.head(url), |r, (k, v)| r.header(*k, *v));
        self.answer(url, request.call())
    }

    /// `POST url` with nothing.
    pub(crate) fn post(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, FetchError> {
        let request = headers.iter().fold(self.agent(url)?.post(url), |r, (k, v)| r.header(*k, *v));
        self.answer(url, request.send_empty())
    }

    /// `PUT url` with exactly `length` bytes of `content`, as they come.
    pub(crate) fn put(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        length: u64,
        content: &mut dyn Read,
    ) -> Result<Answer, FetchError> {
        let request = headers.iter().fold(self.agent(url)?.put(url), |r, (k, v)| r.header(*k, *v));
        let request = request.header("Content-Length", length.to_string());
        let patient = request.config().timeout_recv_response(Some(self.patience * DIGESTION));
        self.answer(url, patient.build().send(SendBody::from_reader(content)))
    }

    fn agent(&self, url: &str) -> Result<&Agent, FetchError> {
        match url.split_once("://") {
            Some(("https", _)) => Ok(&self.tls),
            Some(("http", _)) => Ok(&self.plain),
            _ => {
                let reason = "only http and https are known".to_owned();
                Err(FetchError::BadUrl { url: shown(url), reason })
            }
        }
    }

    fn answer(
        &self,
        url: &str,
        response: Result<Response<Body>, ureq::Error>,
    ) -> Result<Answer, FetchError> {
        let url = shown(url);
        match response {
            Ok(response) => Ok(Answer { url, response, patience: self.patience }),
            Err(error) => Err(explain(error, &url, self.patience)),
        }
    }
}

impl Answer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Every value of a header that is text.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.response.headers().get_all(name).into_iter();
        values.filter_map(|value| value.to_str().ok())
    }

    /// The content as it comes, at most `max_bytes`.
    ///
    /// # Errors
    /// [`FetchError::TooLarge`], where more is announced.
    pub fn download(self, max_bytes: u64) -> Result<Download, FetchError> {
        Download::of(self.url, self.response.into_body(), max_bytes, self.patience)
    }

    /// The whole content, at most `max_bytes`.
    ///
    /// # Errors
    /// [`FetchError`], where more comes or the connection ends early.
    pub fn bytes(self, max_bytes: u64) -> Result<Vec<u8>, FetchError> {
        let mut download = self.download(max_bytes)?;
        let (mut bytes, mut block) = (Vec::new(), vec![0; 16 << 10]);
        loop {
            match download.read(&mut block)? {
                0 => return Ok(bytes),
                read => bytes.extend_from_slice(&block[..read]),
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("url", &self.url).field("status", &self.status()).finish()
    }
}
