//! Bytes from a URL, over HTTP or HTTPS, through the proxy that the settings name. Certificates are
//! checked against the host's own trust store; none are built in. Who asks for bytes says how many
//! they may be and checks what they are: nothing here knows what is fetched, and nothing is written.

mod client;
mod error;
mod guard;
pub(crate) mod proxy;

pub use client::{Answer, Client};
pub use error::FetchError;
pub(crate) use guard::Guard;

use proxy::SetProxy;
use std::ffi::OsString;
use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use ureq::config::ConfigBuilder;
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::{Agent, Body, BodyReader};

/// Longer than this without a byte, and the other side is taken for dead.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes on their way. Nothing of them is kept here.
pub struct Download {
    url: String,
    body: BodyReader<'static>,
    length: Option<u64>,
    done: u64,
    max_bytes: u64,
    patience: Duration,
}

impl Download {
    /// Asks for `url` and reads the head of the answer; `max_bytes` are the most that it may bring.
    /// Redirects are followed, from HTTPS only to HTTPS.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn begin(
        url: &str,
        proxies: &[(String, OsString)],
        max_bytes: u64,
    ) -> Result<Self, FetchError> {
        let bad = |reason: &str| {
            let reason = reason.to_owned();
            FetchError::BadUrl { url: shown(url), reason }
        };
        let uri: Uri = url.parse().map_err(|_| bad("it is not one"))?;
        let scheme = uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme));
        let scheme = scheme.ok_or_else(|| bad("only http and https are known"))?;
        let proxy = proxy::for_scheme(scheme, proxies)?.filter(|proxy| !proxy.excepts(&uri));
        let through = proxy.as_ref().map(|proxy| format!(" (through {})", proxy.setting));
        let shown = shown(url) + &through.unwrap_or_default();
        let agent = settings(scheme, proxy, PATIENCE).build().new_agent();
        let answer = agent.get(url).call();
        let body = answer.map_err(|error| explain(error, &shown, PATIENCE))?.into_body();
        Self::of(shown, body, max_bytes, PATIENCE)
    }

    /// What an answer brings; refused where more is announced than is accepted.
    fn of(url: String, body: Body, max_bytes: u64, patience: Duration) -> Result<Self, FetchError> {
        let length = body.content_length();
        if length.is_some_and(|length| length > max_bytes) {
            return Err(FetchError::TooLarge { url, max_bytes });
        }
        Ok(Self { url, body: body.into_reader(), length, done: 0, max_bytes, patience })
    }

    /// How many bytes there will be, where the server says so.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next bytes; 0 at the end of all of them.
    ///
    /// # Errors
    /// [`FetchError`], above all when the connection ends before the bytes do.
    pub fn read(&mut self, block: &mut [u8]) -> Result<usize, FetchError> {
        let read = match self.body.read(block) {
            Ok(read) => read,
            Err(error) => return Err(self.broken(error)),
        };
        self.done += read as u64;
        if self.done > self.max_bytes {
            return Err(FetchError::TooLarge { url: self.url.clone(), max_bytes: self.max_bytes });
        }
        Ok(read)
    }

    fn broken(&self, error: std::io::Error) -> FetchError {
        match self.length {
            Some(length) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                FetchError::Incomplete { url: self.url.clone(), done: self.done, length }
            }
            _ => explain(error.into(), &self.url, self.patience),
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("url", &self.url).field("done", &self.done).finish()
    }
}

/// `ring` is named here because nothing else may be: a second provider in the tree would make
/// rustls's own choice an error at run time.
fn settings(
    scheme: &str,
    proxy: Option<SetProxy>,
    patience: Duration,
) -> ConfigBuilder<AgentScope> {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .proxy(proxy.map(|set| set.proxy))
        .https_only(scheme == "https")
        .user_agent(concat!("pyro/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(patience))
        .timeout_recv_response(Some(patience))
        .timeout_per_read(Some(patience))
        .timeout_per_write(Some(patience))
}

fn explain(error: ureq::Error, url: &str, patience: Duration) -> FetchError {
    let url = url.to_owned();
    match error {
        ureq::Error::StatusCode(status) => FetchError::Status { url, status },
        ureq::Error::BadUri(reason) => FetchError::BadUrl { url, reason },
        ureq::Error::Http(error) => FetchError::BadUrl { url, reason: error.to_string() },
        ureq::Error::Timeout(_) => FetchError::TimedOut { url, seconds: patience.as_secs() },
        ureq::Error::Other(error) if error.is::<guard::Refused>() => {
            FetchError::Forbidden { url, reason: error.to_string() }
        }
        error => FetchError::Failed { url, source: Box::new(error) },
    }
}

/// Whether a URL leads to a program of this host, through no network: by `localhost` or by a loopback address.
#[must_use]
pub fn is_of_this_host(url: &str) -> bool {
    let Some(uri) = url.parse::<Uri>().ok().filter(|uri| uri.scheme().is_some()) else {
        return false;
    };
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A URL as it may be shown: passwords stand before the host, tokens behind a question mark.
pub(crate) fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::TcpListener;

    /// Answers each connection with the next of the answers, and hands over what was asked.
    fn server(answers: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let serve = move || {
            let answer = |answer: Vec<u8>| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut asked = Vec::new();
                while !asked.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    asked.push(byte[0]);
                }
                stream.write_all(&answer).unwrap();
                String::from_utf8(asked).unwrap()
            };
            answers.into_iter().map(answer).collect()
        };
        (address, std::thread::spawn(serve))
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        [format!("HTTP/1.1 {head}\r\n\r\n").as_bytes(), body].concat()
    }

    fn all(url: &str, proxies: &[(String, OsString)]) -> Result<Vec<u8>, FetchError> {
        let mut download = Download::begin(url, proxies, 100)?;
        let (mut bytes, mut block) = (Vec::new(), [0; 7]);
        loop {
            match download.read(&mut block)? {
                0 => return Ok(bytes),
                read => bytes.extend_from_slice(&block[..read]),
            }
        }
    }

    #[test]
    fn redirects_are_followed_to_the_bytes() {
        let (last, _) = server(vec![answer("200 OK\r\nContent-Length: 4", b"data")]);
        let head = format!("302 Found\r\nLocation: http://{last}/file\r\nContent-Length: 0");
        let (first, _) = server(vec![answer(&head, b"")]);
        assert_eq!(all(&format!("http://{first}/"), &[]).unwrap(), b"data");
    }

    #[test]
    fn what_is_missing_or_too_much_is_an_error() {
        let cases = [
            (answer("200 OK\r\nContent-Length: 9", b"data"), "after 4 of 9 bytes"),
            (answer("200 OK\r\nContent-Length: 101", b""), "more than"),
            (answer("200 OK", &[0; 101]), "more than"),
            (answer("404 Not Found\r\nContent-Length: 0", b""), "HTTP status 404"),
            (answer("200 OK\r\nTransfer-Encoding: chunked", b"9\r\ndata"), "cannot fetch"),
            (b"SSH-2.0-x\r\n".to_vec(), "cannot fetch"),
        ];
        for (answer, expected) in cases {
            let (host, _) = server(vec![answer]);
            let error = all(&format!("http://user:secret@{host}/f?token=secret"), &[]);
            let error = crate::Error::from(error.unwrap_err()).to_string();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
            assert!(error.contains(&format!("http://{host}/f")), "{error}");
        }
        assert!(matches!(all("ftp://h/f", &[]), Err(FetchError::BadUrl { .. })));
    }

    #[test]
    fn this_host_is_told_from_what_only_looks_like_it() {
        for url in [
            "http://localhost:11434/v1",
            "http://127.8.0.1/",
            "http://[::1]:80/",
            "https://LocalHost",
        ] {
            assert!(is_of_this_host(url), "{url}");
        }
        for url in [
            "http://localhost.example/",
            "http://localhost@example.org/",
            "http://10.0.0.1/",
            "http://128.0.0.1/",
            "localhost",
            "http://",
        ] {
            assert!(!is_of_this_host(url), "{url}");
        }
    }

    #[test]
    fn the_proxy_of_the_settings_is_asked_instead_of_the_host() {
        let (proxy, asked) = server(vec![answer("502 Bad Gateway\r\nContent-Length: 0", b"")]);
        let settings = [("http_proxy".to_owned(), format!("http://{proxy}").into())];
        assert!(all("http://host.invalid/file", &settings).is_err());
        let asked = asked.join().unwrap().remove(0);
        assert!(asked.starts_with("CONNECT host.invalid:80 "), "{asked}");
        let settings = [("http_proxy".to_owned(), "http://127.0.0.1:1".into())];
        let error = all("http://host.invalid/file", &settings).unwrap_err().to_string();
        assert!(error.contains("http://host.invalid/file (through http_proxy)"), "{error}");
    }
}
