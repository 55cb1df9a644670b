//! Secrets of a workspace: what the human gives, where it is kept, and how its values are kept out of
//! everything that pyro shows or writes down. A guest is given them as files in memory; whatever its code
//! does with them is its own affair, so taking them out of output is hygiene and no boundary. This room
//! speaks to no guest: it hands out values, and looks for them.

mod encodings;
mod environment;
mod error;
mod matcher;
mod redact;
mod scan;
mod store;
mod value;

pub use environment::SecretEnv;
pub use error::SecretError;
pub use redact::{Redaction, Redactor};
pub use scan::Scan;
pub use store::Vault;
pub use value::{Secret, SecretFacts, SourceKind};

/// Where a guest has its secrets, one file each: in memory, for root alone.
pub const GUEST_DIRECTORY: &str = "/run/pyro-secrets";

/// The most bytes of one secret: a chain of certificates, or a cluster's whole configuration.
pub const MAX_VALUE: usize = 16 << 10;
/// The most bytes of all secrets of a workspace: what is looked for in every output is ten to thirty times
/// as much.
pub const MAX_ALL: usize = 64 << 10;
/// The most secrets of a workspace.
pub const MAX_SECRETS: usize = 32;
/// A shorter value is delivered, and not looked for: it would be found in innocent text.
pub const MIN_REDACTED: usize = 8;

/// What becomes of content that holds a secret, such as a file that is read or exported. Content is never
/// altered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Disclosure {
    /// It is not given out.
    #[default]
    Refused,
    /// The human allows it.
    Allowed,
}

impl Disclosure {
    /// As a flag has it.
    #[must_use]
    pub fn allowed_if(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Refused }
    }
}
