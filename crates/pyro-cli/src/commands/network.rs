//! What a guest may reach, as the command line says it, and what it was refused.

use crate::ui::{Ui, one_line};
use clap::Args;
use pyro::network::{AllowList, NetworkPolicy, RefusedConnection};

/// Names what a command was refused.
pub(crate) fn tell_of_refusals(ui: &Ui, refused: &[RefusedConnection]) {
    for connection in refused {
        ui.warning(&one_line(&connection.to_string()));
    }
}

/// What is allowed, where not everything public.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Allowed {
    /// Let it reach this name only, with *. before it all names below; on ports 80 and 443, or :PORT; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Let it reach these addresses, even private ones, such as 10.1.0.0/16; repeatable
    #[arg(long, value_name = "CIDR")]
    pub(crate) allow_net: Vec<String>,
}

impl Allowed {
    pub(crate) fn list(&self) -> Result<AllowList, pyro::Error> {
        Ok(AllowList::parse(&self.allow_host, &self.allow_net)?)
    }
}

/// A policy and what belongs to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Policy {
    /// What it may reach: off, or egress: public addresses, or what is allowed below; egress+published-ports also
    /// lets its services publish ports on 127.0.0.1 [default: off]
    #[arg(long, value_name = "POLICY")]
    network_policy: Option<String>,
    #[command(flatten)]
    pub(crate) allowed: Allowed,
}

impl Policy {
    /// None where nothing is said.
    pub(crate) fn policy(&self) -> Result<Option<NetworkPolicy>, pyro::Error> {
        let policy = self.network_policy.as_deref().map(str::parse::<NetworkPolicy>);
        Ok(policy.transpose()?)
    }
}
