//! Why a service is not what was wished for.

use super::MAX_SERVICES;
use crate::error::{Diagnose, Kind};

/// What is wrong with a service, or with a wish for one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// A name that no service can have.
    #[error("{0:?} cannot be the name of a service")]
    BadName(String),
    /// No way to ask whether a service is ready.
    #[error("{text:?} does not say when a service is ready: {why}")]
    BadReadiness {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not a port, or a pair of them, that could be published.
    #[error("{text:?} cannot be published: {why}")]
    BadPort {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The workspace publishes no ports.
    #[error("the workspace publishes no ports: its network policy is {0}")]
    PublishesNothing(String),
    /// Somebody else listens on the port of the host.
    #[error("port {port} of this host is taken{}", by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default())]
    PortTaken {
        /// Which port.
        port: u16,
        /// Who has it, where that is known.
        by: Option<String>,
    },
    /// The host does not let this user listen there.
    #[error("cannot listen on port {port} of this host")]
    Port {
        /// Which port.
        port: u16,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The service runs already.
    #[error("the service {0:?} runs already")]
    Running(String),
    /// No service is called that.
    #[error("the workspace {workspace_id} has no service {name:?}")]
    Unknown {
        /// Which workspace.
        workspace_id: String,
        /// What was asked for.
        name: String,
    },
    /// As many services run as a workspace may have.
    #[error("{MAX_SERVICES} services run already")]
    TooMany,
    /// The service ended before it was ready.
    #[error(
        "the service {name:?} ended with exit code {exit_code} before it was ready{}",
        shown(last_lines)
    )]
    Ended {
        /// Which service.
        name: String,
        /// As a shell reports it.
        exit_code: i32,
        /// The end of what it wrote.
        last_lines: String,
    },
    /// The service was not ready in time, and was stopped.
    #[error(
        "the service {name:?} was not ready after {seconds} s ({why}) and was stopped{}",
        shown(last_lines)
    )]
    NotReady {
        /// Which service.
        name: String,
        /// How long it was waited for.
        seconds: u64,
        /// What the last look saw.
        why: String,
        /// The end of what it wrote.
        last_lines: String,
    },
    /// Somebody stopped the service before it was ready.
    #[error("the service {0:?} was stopped before it was ready")]
    Stopped(String),
    /// The machine is not a workspace's.
    #[error("the machine is no workspace's")]
    NoWorkspace,
}

/// The end of a log, below a message.
fn shown(last_lines: &str) -> String {
    match last_lines.trim_end() {
        "" => "; it wrote nothing".to_owned(),
        lines => format!("; its last lines:\n{lines}"),
    }
}

impl Diagnose for ServiceError {
    fn kind(&self) -> Kind {
        match self {
            Self::BadName(_) | Self::BadReadiness { .. } | Self::BadPort { .. } => Kind::Usage,
            Self::Running(_) | Self::TooMany | Self::NoWorkspace => Kind::Usage,
            Self::PublishesNothing(_) => Kind::Denied,
            Self::PortTaken { .. } => Kind::Busy,
            Self::Port { .. } => Kind::Host,
            Self::Unknown { .. } => Kind::NotFound,
            Self::Ended { .. } | Self::Stopped(_) => Kind::Guest,
            Self::NotReady { .. } => Kind::Timeout,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BadName(_) => "bad_service_name",
            Self::BadReadiness { .. } => "bad_readiness",
            Self::BadPort { .. } => "bad_port",
            Self::PublishesNothing(_) => "publishes_nothing",
            Self::PortTaken { .. } => "port_taken",
            Self::Port { .. } => "port_unavailable",
            Self::Running(_) => "service_running",
            Self::Unknown { .. } => "no_service",
            Self::TooMany => "too_many_services",
            Self::Ended { .. } => "service_ended",
            Self::NotReady { .. } => "ready_timeout",
            Self::Stopped(_) => "service_stopped",
            Self::NoWorkspace => "no_workspace",
        }
    }

    fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::BadName(_) => {
                "use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit".into()
            }
            Self::BadReadiness { .. } => {
                "name a file, HOST:PORT, http://HOST:PORT/PATH or a command; HOST is localhost or an \
                 address"
                    .into()
            }
            Self::BadPort { .. } => "write GUEST or HOST:GUEST, such as 8080 or 18080:8080".into(),
            Self::PublishesNothing(_) => {
                "create a workspace with the network policy egress+published-ports".into()
            }
            Self::PortTaken { port, by: None } => format!(
                "`ss -ltnp 'sport = :{port}'` shows who; name another port, or leave it out and one is \
                 chosen"
            ),
            Self::PortTaken { by: Some(_), .. } => {
                "stop that one, name another port, or leave it out and one is chosen".into()
            }
            Self::Port { .. } => "name a port above 1023, or leave it out and one is chosen".into(),
            Self::Running(_) => "stop it first, or use another name".into(),
            Self::Unknown { .. } => "list the services of the workspace".into(),
            Self::TooMany => "stop one of them first".into(),
            Self::Ended { .. } => "its logs have all that it wrote; correct it and start it again".into(),
            Self::NotReady { .. } => {
                "its logs have all that it wrote; give it more time, or ask for something else".into()
            }
            Self::Stopped(_) | Self::NoWorkspace => return Vec::new(),
        }]
    }
}
