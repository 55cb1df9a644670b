//! Why a server does not start, and why a call is refused before it reaches the library.

use pyro::Kind;
use pyro::error::Diagnose;

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The client and this server cannot speak to each other.
    #[error("the MCP session cannot begin")]
    Session(#[source] Box<rmcp::service::ServerInitializeError>),
}

impl Diagnose for ServeError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "mcp_session" // The client and the server cannot speak to each other.
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
    /// Only the human can give a network.
    #[error("this server does not give its machines such a network")]
    NetworkDenied,
    /// Only the human can give secrets.
    #[error("this server's models give and use no secrets")]
    SecretsDenied,
    /// The secrets of a new workspace are something else. Perhaps values are among it: it is not repeated.
    #[error("the secrets do not fit: a list of {{name, value}} or {{name, file_path}}")]
    SecretsForm,
    /// More than the human lets a model have.
    #[error("{name} is {wanted}, and this server gives at most {max}")]
    Ceiling {
        /// The parameter.
        name: &'static str,
        /// What was asked for.
        wanted: u64,
        /// The most.
        max: u64,
        /// The flag that says so.
        flag: &'static str,
    },
    /// More workspaces than the human lets be.
    #[error("there are {count} workspaces, and this server makes no more than {max}")]
    TooManyWorkspaces {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// The task that made a workspace is gone.
    #[error("the creation of the workspace ended without a result")]
    CreationLost,
    /// A push takes longer than a call may.
    #[error(
        "the push was not done within {0} seconds and was stopped; some files may have arrived"
    )]
    PushTooLong(u64),
    /// An export takes longer than a call may.
    #[error("the export was not done within {0} seconds and was stopped; nothing of it is there")]
    ExportTooLong(u64),
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
            Self::Arguments(_) | Self::SecretsForm => Kind::Usage,
            Self::HostCompatDenied
            | Self::NetworkDenied
            | Self::SecretsDenied
            | Self::Ceiling { .. }
            | Self::TooManyWorkspaces { .. } => Kind::Denied,
            Self::Ending | Self::OtherPreparation { .. } => Kind::Busy,
            Self::PushTooLong(_) | Self::ExportTooLong(_) => Kind::Timeout,
            Self::PreparationLost(_) | Self::CreationLost => Kind::Internal,
        }
    }
    fn code(&self) -> &'static str {
        match self {
            Self::Arguments(_) => "bad_arguments",
            Self::HostCompatDenied => "host_compat_denied",
            Self::NetworkDenied => "network_denied",
            Self::SecretsDenied => "secrets_denied",
            Self::SecretsForm => "bad_arguments",
            Self::Ceiling { .. } => "ceiling",
            Self::TooManyWorkspaces { .. } => "too_many_workspaces",
            Self::CreationLost => "creation_lost",
            Self::PushTooLong(_) => "push_too_long",
            Self::ExportTooLong(_) => "export_too_long",
            Self::Ending => "server_ending",
            Self::OtherPreparation { .. } => "preparation_busy",
            Self::PreparationLost(_) => "preparation_lost",
        }
    }
    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Arguments(_) | Self::SecretsForm => {
                "correct the arguments after the tool's schema".into()
            }
            Self::HostCompatDenied => {
                "leave out allow_host_compat; only the human can allow it, by \
                                       starting the server with --allow-host-compat"
                    .into()
            }
            Self::NetworkDenied => {
                "do without; only the human can allow it, by starting the server with \
                 --network-policy egress or egress+published-ports"
                    .into()
            }
            Self::SecretsDenied => "do without; the human gives a workspace secrets with \
                                    `pyro workspace create`, or lets models give them by starting the \
                                    server with --profile workspace-full"
                .into(),
            Self::Ceiling { name, max, flag, .. } => format!(
                "ask for {name} of at most {max}; only the human can allow more, by starting the \
                 server with another {flag}"
            ),
            Self::TooManyWorkspaces { .. } => {
                "delete one that is not needed (workspace_list names \
                                               them); only the human can allow more, by starting \
                                               the server with another --max-workspaces"
                    .into()
            }
            Self::PushTooLong(_) => "push smaller parts of it, one after the other".into(),
            Self::ExportTooLong(_) => "export smaller parts of it, one after the other".into(),
            Self::Ending => return Vec::new(),
            Self::CreationLost => "call again with the same arguments".into(),
            Self::OtherPreparation { .. } | Self::PreparationLost(_) => {
                "call again in a minute with the same arguments".into()
            }
        }]
    }
}
