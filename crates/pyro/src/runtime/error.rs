//! What can go wrong on the way to an installed Firecracker, and what to do about it.

use super::PINNED;
use crate::error::{Diagnose, Kind, PathError};
use crate::fetch::FetchError;
use crate::machine::firecracker::version::Version;

/// Errors of runtimes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeError {
    /// Where to install from cannot be understood.
    #[error("cannot install from {from:?}: {reason}")]
    BadSource {
        /// What was given.
        from: String,
        /// Why not.
        reason: &'static str,
    },
    /// What should be a digest is none.
    #[error("{given:?} is not a SHA-256 digest")]
    BadDigest {
        /// What was given.
        given: String,
    },
    /// The bytes are others than those that were ordered.
    #[error("{what} has the SHA-256 {found} instead of {expected}")]
    WrongDigest {
        /// Which bytes.
        what: String,
        /// What they should have.
        expected: String,
        /// What they have.
        found: String,
        /// Whether the user has said what they should have.
        given: bool,
    },
    /// The archive is the right one, and the executable in it is not the one that pyro knows.
    #[error(
        "the archive {what} is the right one (SHA-256 {archive}), but firecracker in it has the \
         SHA-256 {found} instead of {expected}"
    )]
    PinnedExecutable {
        /// Where the archive came from.
        what: String,
        /// Its digest.
        archive: String,
        /// What pyro knows.
        expected: String,
        /// What the executable has.
        found: String,
    },
    /// The archive cannot be read, or does not hold what it should.
    #[error("{what} is not an archive of Firecracker: {reason}")]
    BadArchive {
        /// Which file.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The program does not say that it is Firecracker.
    #[error("{what} does not run as Firecracker: {why}")]
    NotFirecracker {
        /// Which program.
        what: String,
        /// What it does instead.
        why: String,
    },
    /// The program is of no use to pyro.
    #[error("{what} is Firecracker v{version}, and pyro needs v{} or later", Version::OLDEST)]
    TooOld {
        /// Which program.
        what: String,
        /// Its version.
        version: Version,
    },
    /// More bytes than any release has.
    #[error("{what} has more than {} MiB, which no release of Firecracker has", max_bytes >> 20)]
    TooLarge {
        /// Which file.
        what: String,
        /// How much is accepted.
        max_bytes: u64,
    },
    /// The bytes cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A host file or directory refused.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Diagnose for RuntimeError {
    fn kind(&self) -> Kind {
        match self {
            Self::BadSource { .. } | Self::BadDigest { .. } => Kind::Usage,
            Self::WrongDigest { .. } | Self::PinnedExecutable { .. } => Kind::Denied,
            Self::BadArchive { .. }
            | Self::NotFirecracker { .. }
            | Self::TooOld { .. }
            | Self::TooLarge { .. } => Kind::Host,
            Self::Fetch(error) => error.kind(),
            Self::Path(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadSource { .. } => "bad_source",
            Self::BadDigest { .. } => "bad_digest",
            Self::WrongDigest { .. } => "digest_mismatch",
            Self::PinnedExecutable { .. } => "executable_digest_mismatch",
            Self::BadArchive { .. } => "bad_archive",
            Self::NotFirecracker { .. } => "firecracker_does_not_run",
            Self::TooOld { .. } => "firecracker_too_old",
            Self::TooLarge { .. } => "runtime_too_large",
            Self::Fetch(error) => error.code(),
            Self::Path(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::BadSource { .. } => {
                vec!["name a file, or a URL that begins with https://, http:// or file:///".into()]
            }
            Self::BadDigest { .. } => {
                vec!["give 64 hexadecimal digits, as `sha256sum` prints them".into()]
            }
            Self::WrongDigest { given: true, .. } => {
                vec!["nothing was installed: these are not the bytes that you named".into()]
            }
            Self::WrongDigest { given: false, .. } => vec![
                format!("nothing was installed: this is not Firecracker v{}", PINNED.version),
                "for another release, say which bytes you expect: --sha256 DIGEST".into(),
            ],
            Self::PinnedExecutable { what, archive, .. } => vec![
                "this version of pyro may know a wrong digest; please report it".into(),
                format!("to trust the archive: --from {what} --sha256 {archive}"),
            ],
            Self::TooOld { .. } => vec!["pyro runtime install".into()],
            Self::BadArchive { .. } | Self::TooLarge { .. } => {
                vec!["name the .tgz of a release, or the executable itself".into()]
            }
            Self::NotFirecracker { .. } => Vec::new(),
            Self::Fetch(error) => error.hints().into_iter().chain(elsewhere(error)).collect(),
            Self::Path(error) => error.hints(),
        }
    }
}

/// What to do where this host cannot fetch.
fn elsewhere(error: &FetchError) -> Option<String> {
    let hint = "from a file fetched elsewhere: pyro runtime install --from FILE";
    (error.kind() != Kind::Usage).then(|| hint.to_owned())
}
