//! Which tools a server offers. A profile is a name here and a column of the table in `tools`.

use std::fmt;
use std::str::FromStr;

/// Which tools a server offers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// `vm_run` alone.
    VmRun,
    /// What a model needs to work in workspaces.
    #[default]
    WorkspaceCore,
    /// Every tool.
    WorkspaceFull,
}

impl Profile {
    /// Every name, as users type it.
    pub const NAMES: [&'static str; 3] = ["vm-run", "workspace-core", "workspace-full"];
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VmRun => "vm-run",
            Self::WorkspaceCore => "workspace-core",
            Self::WorkspaceFull => "workspace-full",
        })
    }
}

/// No profile has this name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no profile")]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        let profiles = [Self::VmRun, Self::WorkspaceCore, Self::WorkspaceFull];
        let found = profiles.into_iter().find(|profile| profile.to_string() == name);
        found.ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_as_itself() {
        for name in Profile::NAMES {
            assert_eq!(name.parse::<Profile>().unwrap().to_string(), name);
        }
        assert!("core".parse::<Profile>().is_err());
    }
}
