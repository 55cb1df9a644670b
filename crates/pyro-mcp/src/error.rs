//! Why a server does not start, and why a call is refused before it reaches the library.

use crate::Profile;
use pyro::Kind;
use pyro::error::Diagnose;

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The profile's tools do not exist yet.
    #[error("the profile {0} comes with a later release")]
    ProfileNotAvailable(Profile),
    /// The client and this server cannot speak to each other.
    #[error("the MCP session cannot begin")]
    Session(#[source] Box<rmcp::service::ServerInitializeError>),
}

impl Diagnose for ServeError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        match self {
            Self::ProfileNotAvailable(_) => "not_available",
            Self::Session(_) => "mcp_session",
        }
    }
    fn hints(&self) -> Vec<String> {
        match self {
            Self::ProfileNotAvailable(_) => {
                vec!["use `pyro mcp serve --profile vm-run`, or workspace-full".into()]
            }
            Self::Session(_) => Vec::new(),
        }
    }
}

/// Why a call of a tool is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The arguments do not fit the tool.
    #[error("the arguments do not fit")]
    Arguments(#[source] serde_json::Error),
    /// Only the human can allow commands on the host.
    #[error("this server does not run commands on the host")]
    HostCompatDenied,
    /// The server has no time left.
    #[error("the server is ending")]
    Ending,
    /// The one preparation at a time is another one.
    #[error("{other} is being prepared, and one environment is prepared at a time")]
    OtherPreparation {
        /// Which environment is.
        other: String,
    },
    /// The thread that prepared the environment is gone.
    #[error("the preparation of {0} ended without a result")]
    PreparationLost(String),
}

impl Diagnose for CallError {
    fn kind(&self) -> Kind {
        match self {
            Self::Arguments(_) => Kind::Usage,
            Self::HostCompatDenied => Kind::Denied,
            Self::Ending | Self::OtherPreparation { .. } => Kind::Busy,
            Self::PreparationLost(_) => Kind::Internal,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Arguments(_) => "bad_arguments",
            Self::HostCompatDenied => "host_compat_denied",
            Self::Ending => "server_ending",
            Self::OtherPreparation { .. } => "preparation_busy",
            Self::PreparationLost(_) => "preparation_lost",
        }
    }
    fn hints(&self) -> Vec<String> {
        vec![
            match self {
                Self::Arguments(_) => "correct the arguments after the tool's schema",
                Self::HostCompatDenied => {
                    "leave out allow_host_compat; only the human can allow it, by starting the \
                     server with --allow-host-compat"
                }
                Self::Ending => return Vec::new(),
                Self::OtherPreparation { .. } | Self::PreparationLost(_) => {
                    "call again in a minute with the same arguments"
                }
            }
            .into(),
        ]
    }
}
