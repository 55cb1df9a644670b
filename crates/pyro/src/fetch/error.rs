//! What can go wrong between a URL and its bytes, and what to do about it.

use crate::error::{Diagnose, Kind};

/// Errors of fetching.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The URL cannot be used.
    #[error("the URL {url} cannot be used: {reason}")]
    BadUrl {
        /// The URL.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The proxy setting cannot be used. It may hold a password and is not repeated.
    #[error("{setting} is not the URL of an HTTP proxy")]
    BadProxy {
        /// The setting's name.
        setting: String,
    },
    /// Whoever fetches may not ask this server.
    #[error("{url} may not be asked: {reason}")]
    Forbidden {
        /// The URL that was asked for; perhaps it led elsewhere.
        url: String,
        /// Who may not be asked, and why.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{url}: the server answers with HTTP status {status}")]
    Status {
        /// The URL.
        url: String,
        /// The status.
        status: u16,
    },
    /// The server cannot be reached, cannot be trusted, or broke the protocol.
    #[error("cannot fetch {url}")]
    Failed {
        /// The URL.
        url: String,
        /// Why.
        #[source]
        source: Box<ureq::Error>,
    },
    /// Nothing came for too long.
    #[error("{url}: nothing came for {seconds} s")]
    TimedOut {
        /// The URL.
        url: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The connection ended early.
    #[error("{url}: the connection ended after {done} of {length} bytes")]
    Incomplete {
        /// The URL.
        url: String,
        /// Bytes that came.
        done: u64,
        /// Bytes that were announced.
        length: u64,
    },
    /// More came, or was announced, than is accepted.
    #[error("{url}: more than {} MiB, which is more than is accepted", max_bytes >> 20)]
    TooLarge {
        /// The URL.
        url: String,
        /// How much is accepted.
        max_bytes: u64,
    },
}

impl Diagnose for FetchError {
    fn kind(&self) -> Kind {
        match self {
            Self::BadUrl { .. } | Self::BadProxy { .. } => Kind::Usage,
            Self::Forbidden { .. } => Kind::Denied,
            Self::TimedOut { .. } => Kind::Timeout,
            Self::Status { status: 404 | 410, .. } => Kind::NotFound,
            Self::Status { .. }
            | Self::Failed { .. }
            | Self::Incomplete { .. }
            | Self::TooLarge { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadUrl { .. } => "bad_url",
            Self::BadProxy { .. } => "bad_proxy",
            Self::Forbidden { .. } => "fetch_forbidden",
            Self::Status { .. } => "fetch_refused",
            Self::Failed { .. } => "fetch_failed",
            Self::TimedOut { .. } => "fetch_timeout",
            Self::Incomplete { .. } => "fetch_incomplete",
            Self::TooLarge { .. } => "fetch_too_large",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::BadProxy { setting } => {
                vec![format!("set {setting} to a URL like http://proxy.example:3128, or unset it")]
            }
            Self::Failed { source, .. } if is_about_trust(source) => vec![
                "the certificate is checked against this host's own: install ca-certificates, or \
                 name a file of certificates in SSL_CERT_FILE"
                    .into(),
            ],
            Self::Failed { .. } | Self::TimedOut { .. } => {
                vec!["check the connection; behind a proxy, set https_proxy and http_proxy".into()]
            }
            Self::Incomplete { .. } => vec!["try again".into()],
            Self::BadUrl { .. }
            | Self::Forbidden { .. }
            | Self::Status { .. }
            | Self::TooLarge { .. } => Vec::new(),
        }
    }
}

impl FetchError {
    /// Whether no program listens where the URL leads.
    #[must_use]
    pub fn is_refused_connection(&self) -> bool {
        let Self::Failed { source, .. } = self else { return false };
        match &**source {
            ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
            ureq::Error::ConnectionFailed => true,
            _ => false,
        }
    }

    /// Whether another attempt may go better: the server was silent, or hung up on the way.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Incomplete { .. } => true,
            Self::Failed { source, .. } => match &**source {
                ureq::Error::Io(error) => {
                    error.kind() != std::io::ErrorKind::ConnectionRefused && !is_about_trust(source)
                }
                ureq::Error::Protocol(_) => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the server answered a greeting of TLS with something that is none.
    pub(crate) fn is_no_tls(&self) -> bool {
        let Self::Failed { source, .. } = self else { return false };
        let tls = match &**source {
            ureq::Error::Rustls(error) => Some(error),
            ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref()),
            _ => None,
        };
        matches!(tls, Some(rustls::Error::InvalidMessage(_)))
    }
}

fn is_about_trust(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(error) => {
            matches!(error.get_ref(), Some(inner) if inner.is::<rustls::Error>())
        }
        _ => false,
    }
}
