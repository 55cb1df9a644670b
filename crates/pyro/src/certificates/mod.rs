//! Certificate authorities that a guest trusts beside those of its image: found on the host, checked,
//! kept with the machine that they are for, and given to its guest before it runs anything. Of what a
//! file holds only the certificates are taken over. Whom they vouch for is not judged here.

mod error;
mod file;
mod guest;
mod pem;
mod traces;

pub use error::CertificateError;
pub use guest::GUEST_BUNDLE;
pub(crate) use traces::{Given, anchor_directories};

use crate::config::{CaSource, Config};
use crate::durable;
use crate::error::PathError;
use pem::Certificate;
use pyro_proto::mux::Session;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where distributions keep all certificate authorities in one file, the commonest first; the list is that
/// of Go's `crypto/x509` (`root_linux.go`).
const SYSTEM_BUNDLES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch, Gentoo, NixOS, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/pki/tls/cacert.pem",            // OpenELEC
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS
    "/etc/ssl/cert.pem",                  // Alpine
];

/// The variables by which programs find the bundle that ignore the system's, or bring their own: OpenSSL,
/// Go and Rust programs; curl; Python's requests; Node.js; pip; Git; Cargo.
const VARIABLES: [&str; 7] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
];

/// Certificate authorities, and where they are from. There is at least one, and none twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    source: String,
    certificates: Vec<Certificate>,
}

/// What is recorded about a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleFacts {
    /// `host`, or the path of the file.
    pub source: String,
    /// How many certificates were in it.
    pub certificate_count: usize,
}

impl Bundle {
    /// What the settings ask for, read and checked; nothing where they ask for nothing.
    ///
    /// # Errors
    /// [`CertificateError`] with the file and the line.
    pub fn wanted(config: &Config) -> Result<Option<Self>, CertificateError> {
        let Some(source) = &config.ca_bundle else { return Ok(None) };
        let path = match source {
            CaSource::File(path) => path.clone(),
            CaSource::Host => file::of_the_host(config)?,
        };
        let certificates = file::read(&path)?;
        Ok(Some(Self { source: source.to_string(), certificates }))
    }

    /// For a record.
    #[must_use]
    pub fn facts(&self) -> BundleFacts {
        let (source, certificate_count) = (self.source.clone(), self.certificates.len());
        BundleFacts { source, certificate_count }
    }

    /// Keeps it in a directory, so that nothing depends on the source any more; returns the file.
    pub(crate) fn keep(&self, directory: &Path) -> Result<PathBuf, PathError> {
        let path = kept_in(directory);
        let pem: String = self.certificates.iter().map(Certificate::pem).collect();
        durable::write_whole(&path, pem.as_bytes())?;
        Ok(path)
    }
}

impl BundleFacts {
    /// As a status shows them among what else is known.
    pub(crate) fn metadata(&self) -> [(String, String); 2] {
        [
            ("ca_bundle".to_owned(), self.source.clone()),
            ("ca_certificates".to_owned(), self.certificate_count.to_string()),
        ]
    }
}

/// Where [`Bundle::keep`] puts it.
pub(crate) fn kept_in(directory: &Path) -> PathBuf {
    directory.join("ca-bundle.pem")
}

/// What every command in a guest that was given a bundle has in its environment.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    VARIABLES.iter().map(|name| ((*name).to_owned(), GUEST_BUNDLE.to_owned()))
}

/// Makes a guest trust the bundle that is kept in this file.
pub(crate) async fn give(guest: &Session, kept: &Path) -> Result<(), CertificateError> {
    let certificates = file::read(kept)?;
    guest::trust(guest, &certificates).await
}
