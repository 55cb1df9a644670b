//! What can be wrong with a bundle of certificates, and with giving it to a guest.

use super::file::MAX_BYTES;
use super::pem::{Flaw, MAX_CERTIFICATES};
use crate::error::{Diagnose, Kind, PathError};
use crate::guest::GuestError;
use std::path::PathBuf;

/// Why a guest does not get its extra certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The file cannot be read.
    #[error("the CA bundle cannot be used")]
    Unreadable(#[source] PathError),
    /// It is a directory, a pipe or a device.
    #[error("the CA bundle {} is not a regular file", path.display())]
    NotAFile {
        /// Which.
        path: PathBuf,
    },
    /// It is larger than any bundle.
    #[error("the CA bundle {} has more than {} MiB", path.display(), MAX_BYTES >> 20)]
    TooLarge {
        /// Which.
        path: PathBuf,
    },
    /// It holds something else than certificates.
    #[error("the CA bundle {} cannot be used: {flaw}", path.display())]
    Flawed {
        /// Which.
        path: PathBuf,
        /// What, and on which line.
        flaw: Flaw,
    },
    /// The host has no trust store where anybody keeps one.
    #[error("this host has no CA bundle of its own")]
    NoneOnHost,
    /// The guest did not take it.
    #[error("the guest cannot be given its extra certificates")]
    Guest(#[from] GuestError),
    /// The guest's own bundle cannot be added to.
    #[error("the guest's own {path} has more than {} MiB", MAX_BYTES >> 20)]
    GuestBundle {
        /// Where, in the guest.
        path: String,
    },
    /// The guest did not answer in time.
    #[error("the guest did not take its extra certificates in time")]
    GuestSilent,
}

impl Diagnose for CertificateError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable(error) if is_missing(error) => Kind::NotFound,
            Self::Unreadable(error) => error.kind(),
            Self::NotAFile { .. } | Self::TooLarge { .. } | Self::Flawed { .. } => Kind::Usage,
            Self::NoneOnHost => Kind::Host,
            Self::Guest(error) => error.kind(),
            Self::GuestBundle { .. } => Kind::Guest,
            Self::GuestSilent => Kind::Timeout,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(error) if is_missing(error) => "ca_bundle_not_found",
            Self::Unreadable(error) => error.code(),
            Self::NoneOnHost => "ca_bundle_not_found",
            Self::Flawed { flaw: Flaw::PrivateKey { .. }, .. } => "ca_bundle_private_key",
            Self::NotAFile { .. } | Self::TooLarge { .. } | Self::Flawed { .. } => {
                "ca_bundle_invalid"
            }
            Self::Guest(_) | Self::GuestBundle { .. } | Self::GuestSilent => "ca_bundle_refused",
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unreadable(_) | Self::NotAFile { .. } => {
                "name a file of PEM certificates, or `host` for this host's own trust store"
            }
            Self::TooLarge { .. } | Self::Flawed { flaw: Flaw::TooMany, .. } => {
                return vec![format!(
                    "name only the authorities that guests need: at most {MAX_CERTIFICATES} \
                     certificates in {} MiB",
                    MAX_BYTES >> 20
                )];
            }
            Self::Flawed { flaw: Flaw::PrivateKey { .. }, .. } => {
                "guests need certificates only: copy those into a file of their own"
            }
            Self::Flawed { flaw: Flaw::Nothing { is_der: true }, path } => {
                return vec![format!(
                    "convert it: openssl x509 -inform der -in {} -out ca.pem",
                    path.display()
                )];
            }
            Self::Flawed { .. } => {
                "a bundle holds certificates between `-----BEGIN CERTIFICATE-----` and \
                 `-----END CERTIFICATE-----`"
            }
            Self::NoneOnHost => {
                "install this host's package ca-certificates, set SSL_CERT_FILE, or name a file"
            }
            Self::Guest(_) | Self::GuestBundle { .. } | Self::GuestSilent => {
                "a workspace whose guest has damaged its own trust store comes back with \
                 `pyro workspace reset`"
            }
        };
        vec![hint.to_owned()]
    }
}

fn is_missing(error: &PathError) -> bool {
    error.source.kind() == std::io::ErrorKind::NotFound
}
