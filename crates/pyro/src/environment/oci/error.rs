//! What can go wrong between a reference and an image, and what to do about it.

use super::super::erofs::ErofsError;
use super::reference::Reference;
use crate::config::env_var;
use crate::error::{Diagnose, Kind, PathError};
use crate::fetch::FetchError;
use std::path::PathBuf;

/// Errors of images from registries and archives.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OciError {
    /// The registry has no such image.
    #[error("{registry} has no image {image}{}", said(message))]
    NoSuchImage {
        /// The registry.
        registry: String,
        /// What was asked for.
        image: String,
        /// What the registry says.
        message: String,
    },
    /// Only a human may name the image.
    #[error("a model may name images that public registries give to everybody, and {reason}")]
    NotAllowed {
        /// What is refused: a pattern that would allow it.
        pattern: String,
        /// Why it is not one of them.
        reason: String,
    },
    /// The registry wants a login, or another one.
    #[error(
        "{registry} refuses to hand out {image} {}{}",
        if *logged_in { "with the login that this host has for it" } else { "without a login" },
        said(message)
    )]
    Refused {
        /// The registry.
        registry: String,
        /// What was asked for.
        image: String,
        /// Whether there was a login.
        logged_in: bool,
        /// What the registry says.
        message: String,
    },
    /// The registry takes nothing from this user.
    #[error(
        "{registry} refuses to take {image} {}{}",
        if *logged_in { "with the login that this host has for it" } else { "without a login" },
        said(message)
    )]
    NotTaken {
        /// The registry.
        registry: String,
        /// What was to be sent.
        image: String,
        /// Whether there was a login.
        logged_in: bool,
        /// What the registry says.
        message: String,
    },
    /// The registry has no such repository, and makes none by itself.
    #[error("{registry} has no repository {repository}, and does not make it{}", said(message))]
    NoRepository {
        /// The registry.
        registry: String,
        /// What was asked for.
        repository: String,
        /// What the registry says.
        message: String,
    },
    /// The registry does not like what it was sent.
    #[error("{registry} answers to {what} with HTTP status {status}{}", said(message))]
    Rejected {
        /// The registry.
        registry: String,
        /// What it was sent.
        what: String,
        /// The status.
        status: u16,
        /// What the registry says.
        message: String,
    },
    /// The registry is overloaded or out of order.
    #[error("{registry} answers with HTTP status {status}{}", said(message))]
    Unwell {
        /// The registry.
        registry: String,
        /// The status.
        status: u16,
        /// What the registry says.
        message: String,
        /// How long it asks to be left alone, in seconds.
        retry_after: Option<u64>,
    },
    /// The registry answers something that no registry answers.
    #[error("{registry} does not speak as registries do: {what}")]
    NotARegistry {
        /// The registry.
        registry: String,
        /// What is wrong.
        what: String,
    },
    /// A registry elsewhere speaks plain HTTP.
    #[error("{registry} speaks plain HTTP, where anybody on the way could change the image")]
    PlainHttp {
        /// The registry.
        registry: String,
    },
    /// A document of the image cannot be used.
    #[error("the image's {document} cannot be used: {what}")]
    BadDocument {
        /// Which.
        document: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The image is for other machines.
    #[error("the image is not for linux/amd64{}", but_for(found))]
    WrongPlatform {
        /// What it is for.
        found: Vec<String>,
    },
    /// Something else than an image lies there.
    #[error("it is not an image of a file system: it holds {media_type:?}")]
    NotAnImage {
        /// What it is.
        media_type: String,
    },
    /// The bytes are not those that the digest names.
    #[error("{what} has the SHA-256 {found} instead of {expected}")]
    WrongDigest {
        /// Which bytes.
        what: String,
        /// What was ordered.
        expected: String,
        /// What came.
        found: String,
    },
    /// A layer cannot be put into the image.
    #[error("the layer sha256:{digest} cannot be used")]
    Layer {
        /// SHA-256 of the layer as it was sent.
        digest: String,
        /// Why.
        #[source]
        source: ErofsError,
    },
    /// A layer unpacks to much more than is likely.
    #[error("the layer sha256:{digest} unpacks to more than {max_ratio} times its length")]
    Bomb {
        /// SHA-256 of the layer as it was sent.
        digest: String,
        /// What is likely.
        max_ratio: u64,
    },
    /// A file with logins cannot be read.
    #[error("the logins in {} cannot be used: {reason}", path.display())]
    BadLogins {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The program that keeps the user's passwords failed.
    #[error("{program} has no login for {registry}: {reason}")]
    HelperFailed {
        /// The program.
        program: String,
        /// The registry.
        registry: String,
        /// Why.
        reason: String,
    },
    /// The registry cannot be reached, or broke off.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A host file refused.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The image cannot be written.
    #[error(transparent)]
    Erofs(#[from] ErofsError),
}

/// The text of strangers, as an end of a sentence.
fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": it says {message:?}") }
}

fn but_for(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(" but for {}", found.join(", ")) }
}

impl OciError {
    pub(super) fn not_allowed(reference: &Reference, reason: String) -> Self {
        let pattern = format!("{}/{}", reference.registry(), reference.repository());
        Self::NotAllowed { pattern, reason }
    }

    /// Whether another attempt may go better.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unwell { .. } => true,
            Self::Fetch(error) => error.is_passing(),
            _ => false,
        }
    }

    /// Whether what has been fetched so far is good for another attempt, by whomever.
    pub(in crate::environment) fn leaves_good_bytes(&self) -> bool {
        match self {
            Self::Unwell { .. } | Self::Refused { .. } => true,
            // more than the manifest says is something else than it says
            Self::Fetch(error) => !matches!(error, FetchError::TooLarge { .. }),
            _ => false,
        }
    }
}

impl Diagnose for OciError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSuchImage { .. } | Self::NoRepository { .. } => Kind::NotFound,
            Self::NotAllowed { .. }
            | Self::Refused { .. }
            | Self::NotTaken { .. }
            | Self::PlainHttp { .. } => Kind::Denied,
            Self::BadDocument { .. }
            | Self::WrongPlatform { .. }
            | Self::NotAnImage { .. }
            | Self::Bomb { .. } => Kind::Usage,
            Self::Unwell { .. }
            | Self::NotARegistry { .. }
            | Self::Rejected { .. }
            | Self::WrongDigest { .. }
            | Self::BadLogins { .. }
            | Self::HelperFailed { .. } => Kind::Host,
            Self::Fetch(error) => error.kind(),
            Self::Path(error) => error.kind(),
            Self::Erofs(error) | Self::Layer { source: error, .. } => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchImage { .. } => "no_such_image",
            Self::NotAllowed { .. } => "image_not_allowed",
            Self::Refused { .. } => "registry_login",
            Self::NotTaken { .. } => "push_refused",
            Self::NoRepository { .. } => "no_such_repository",
            Self::Rejected { .. } => "push_rejected",
            Self::Unwell { .. } => "registry_unwell",
            Self::NotARegistry { .. } => "not_a_registry",
            Self::PlainHttp { .. } => "plain_http",
            Self::BadDocument { .. } => "bad_image",
            Self::WrongPlatform { .. } => "wrong_platform",
            Self::NotAnImage { .. } => "not_an_image",
            Self::WrongDigest { .. } => "digest_mismatch",
            Self::Bomb { .. } => "decompression_bomb",
            Self::BadLogins { .. } => "bad_logins",
            Self::HelperFailed { .. } => "credential_helper",
            Self::Fetch(error) => error.code(),
            Self::Path(error) => error.code(),
            Self::Erofs(error) | Self::Layer { source: error, .. } => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoSuchImage { .. } => vec![
                "check the spelling, and whether the tag exists".into(),
                "`pyro env list` names the environments that need no registry".into(),
            ],
            Self::NotAllowed { pattern, .. } => vec![
                "use an environment of the catalog, one that is installed, or a public image"
                    .into(),
                format!(
                    "only the human can allow it, by starting the server with --allow-image {pattern}"
                ),
            ],
            Self::Refused { registry, logged_in: false, .. } => vec![
                format!("log in with `docker login {registry}` or `podman login {registry}`"),
                "registries say the same about images that do not exist: check the spelling".into(),
            ],
            Self::Refused { registry, .. } => {
                vec![format!("log in anew: `docker login {registry}` or `podman login {registry}`")]
            }
            Self::NotTaken { registry, logged_in: false, .. } => {
                vec![format!("log in with `docker login {registry}` or `podman login {registry}`")]
            }
            Self::NotTaken { registry, .. } => vec![
                format!("log in anew: `docker login {registry}` or `podman login {registry}`"),
                "the login must be allowed to write to this repository".into(),
            ],
            Self::NoRepository { .. } => {
                vec!["make the repository first, as this registry wants it".into()]
            }
            Self::Rejected { status: 413, .. } => {
                vec!["the registry, or a proxy before it, takes no parts of this size".into()]
            }
            Self::Rejected { .. } => {
                vec!["a proxy may change what passes it: try again, or another registry".into()]
            }
            Self::Unwell { status: 500 | 507, .. } => {
                vec!["try again later; a registry whose disk is full answers like this too".into()]
            }
            Self::Unwell { status: 429, .. } => {
                vec!["wait, or log in: registries limit strangers more".into()]
            }
            Self::Unwell { .. } => vec!["try again later".into()],
            Self::PlainHttp { registry } => {
                let variable = env_var::PYRO_PLAIN_HTTP;
                vec![format!("if that is meant to be so, set {variable}={registry}")]
            }
            Self::WrongDigest { .. } => {
                vec!["the registry or a proxy serves wrong data: try again, or another one".into()]
            }
            Self::NotARegistry { .. } => vec!["check the registry's name and port".into()],
            Self::HelperFailed { registry, .. } => {
                vec![format!("log in anew: `docker login {registry}`")]
            }
            Self::BadDocument { .. }
            | Self::WrongPlatform { .. }
            | Self::NotAnImage { .. }
            | Self::Bomb { .. }
            | Self::BadLogins { .. } => Vec::new(),
            Self::Fetch(error) => error.hints(),
            Self::Path(error) => error.hints(),
            Self::Erofs(error) | Self::Layer { source: error, .. } => error.hints(),
        }
    }
}
