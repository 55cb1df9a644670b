//! The MCP server of pyro.

use pyro::error::{Diagnose, Kind};

/// Which tools a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `vm_run` alone.
    VmRun,
    /// The workspace tools that a model needs.
    WorkspaceCore,
    /// Every tool.
    WorkspaceFull,
}

impl std::str::FromStr for Profile {
    type Err = ServeError;
    fn from_str(text: &str) -> Result<Self, ServeError> {
        match text {
            "vm-run" => Ok(Self::VmRun),
            "workspace-core" => Ok(Self::WorkspaceCore),
            "workspace-full" => Ok(Self::WorkspaceFull),
            _ => Err(ServeError::NotAvailable),
        }
    }
}

/// What the human fixes for a server.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Its tools.
    pub profile: Profile,
    /// Whether the model may ask for commands on the host.
    pub allow_host_compat: bool,
}

/// Why a server cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Later.
    #[error("not available")]
    NotAvailable,
}

impl Diagnose for ServeError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "not_available"
    }
}

/// Serves.
///
/// # Errors
/// The profile.
#[expect(clippy::unused_async, reason = "soon")]
pub async fn serve(
    _config: pyro::Config,
    _settings: Settings,
    _ending: impl Future<Output = ()>,
) -> pyro::Result<()> {
    Err(ServeError::NotAvailable.into())
}
