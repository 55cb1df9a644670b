//! What the human fixes for a server: its tools, where workspaces begin, what a model may name of the
//! host, and how much it may ask for.

use crate::error::CallError;
use crate::profile::Profile;
use pyro::Error;
use pyro::network::{AllowList, NetworkError, NetworkPolicy};
use pyro::secret::Disclosure;
use pyro::vm::VmSpec;
use std::path::PathBuf;

/// What the human fixes for a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Which tools it offers.
    pub profile: Profile,
    /// Whether the model may ask for commands on the host where no machine can boot.
    pub allow_host_compat: bool,
    /// What a workspace begins with where the model names nothing.
    pub project: ProjectSource,
    /// The directories below which a model may name host paths; the project where there are none.
    pub seed_roots: Vec<PathBuf>,
    /// The directories below which a model may export; `.pyro/out` in the project where there are none.
    pub export_roots: Vec<PathBuf>,
    /// The human's home directory, which is never such a directory.
    pub home: Option<PathBuf>,
    /// How much a model may ask for.
    pub ceilings: Ceilings,
    /// What its machines may reach.
    pub network: NetworkRule,
    /// Whether content that holds a secret of its workspace is given to the model.
    pub disclosure: Disclosure,
}

/// What the machines of a server may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkRule {
    /// The policy of every workspace, and the most that any machine has; none where the human says nothing.
    pub policy: Option<NetworkPolicy>,
    /// What may be reached, where not everything public.
    pub allow: AllowList,
}

impl NetworkRule {
    /// Refuses a list for machines that never have a network: it would only look like one.
    ///
    /// # Errors
    /// [`NetworkError::ListWithoutEgress`].
    pub fn checked(self, profile: Profile) -> Result<Self, Error> {
        let never = match self.policy {
            Some(policy) => policy == NetworkPolicy::Off,
            None => profile == Profile::WorkspaceCore,
        };
        if never && !self.allow.is_empty() {
            return Err(NetworkError::ListWithoutEgress.into());
        }
        Ok(self)
    }

    /// The policy of a machine for which a model wishes this one, or says nothing.
    pub(crate) fn grant(
        &self,
        profile: Profile,
        wish: Option<NetworkPolicy>,
    ) -> Result<NetworkPolicy, Error> {
        let most = match (self.policy, profile) {
            (Some(policy), _) => policy,
            // its models do not choose
            (None, Profile::WorkspaceCore) => NetworkPolicy::Off,
            (None, Profile::VmRun) => NetworkPolicy::Egress,
            (None, Profile::WorkspaceFull) => NetworkPolicy::EgressAndPublishedPorts,
        };
        match wish {
            None => Ok(self.policy.unwrap_or_default()),
            Some(wish) if wish <= most => Ok(wish),
            Some(_) => Err(CallError::NetworkDenied.into()),
        }
    }

    /// As [`NetworkRule::grant`], where a model can only wish for a network or for none.
    pub(crate) fn grant_network(&self, profile: Profile, wish: bool) -> Result<bool, Error> {
        let wish = if wish { NetworkPolicy::Egress } else { NetworkPolicy::Off };
        Ok(self.grant(profile, Some(wish))? != NetworkPolicy::Off)
    }
}

/// Where the project is that workspaces begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectSource {
    /// The Git work tree that this directory, the server's own, lies in, if it lies in one.
    Around(PathBuf),
    /// The Git work tree that this directory lies in.
    Path(PathBuf),
    /// A repository that is fetched for each workspace.
    Repository {
        /// As git understands it.
        url: String,
        /// A branch, tag or commit, else the default branch.
        reference: Option<String>,
    },
}

/// How much a model may ask for; where nothing is set, what a host can give.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ceilings {
    /// Memory of one machine, in MiB.
    pub max_mem_mib: Option<u32>,
    /// Virtual CPUs of one machine.
    pub max_vcpus: Option<u32>,
    /// Workspaces at a time, whoever made them.
    pub max_workspaces: Option<usize>,
}

impl Ceilings {
    /// Refuses a machine that is too large.
    pub(crate) fn check(&self, vm: &VmSpec) -> Result<(), Error> {
        refuse("mem_mib", "--max-mem-mib", u64::from(vm.mem_mib), self.max_mem_mib)?;
        refuse("vcpu_count", "--max-vcpus", u64::from(vm.vcpu_count), self.max_vcpus)
    }

    /// Refuses one more workspace beside so many.
    pub(crate) fn check_workspaces(&self, count: usize) -> Result<(), Error> {
        match self.max_workspaces {
            Some(max) if count >= max => Err(CallError::TooManyWorkspaces { count, max }.into()),
            _ => Ok(()),
        }
    }
}

fn refuse(
    name: &'static str,
    flag: &'static str,
    wanted: u64,
    ceiling: Option<u32>,
) -> Result<(), Error> {
    match ceiling.map(u64::from) {
        Some(max) if wanted > max => Err(CallError::Ceiling { name, wanted, max, flag }.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_gets_the_network_that_the_human_gives() {
        use NetworkPolicy::{Egress, EgressAndPublishedPorts as Published, Off};
        let rule = |policy| NetworkRule { policy, allow: AllowList::default() };
        let granted = |policy, profile, wish| rule(policy).grant(profile, wish).ok();
        let (core, full) = (Profile::WorkspaceCore, Profile::WorkspaceFull);
        assert_eq!(granted(None, core, None), Some(Off));
        assert_eq!(granted(None, core, Some(Egress)), None);
        assert_eq!(granted(None, full, None), Some(Off));
        assert_eq!(granted(None, full, Some(Egress)), Some(Egress));
        assert_eq!(granted(Some(Egress), core, None), Some(Egress));
        assert_eq!(granted(Some(Egress), full, Some(Off)), Some(Off));
        assert_eq!(granted(Some(Off), full, Some(Egress)), None);
        assert_eq!(granted(None, full, Some(Published)), Some(Published));
        assert_eq!(granted(Some(Egress), full, Some(Published)), None);
        assert_eq!(granted(Some(Published), full, Some(Egress)), Some(Egress));
        assert_eq!(granted(Some(Published), core, None), Some(Published));
        let refused = rule(None).grant_network(core, true).unwrap_err().report();
        assert_eq!(refused.code, "network_denied");
        assert!(refused.hints.join(" ").contains("--network-policy egress"), "{refused:?}");
    }

    #[test]
    fn a_list_for_machines_without_a_network_is_refused() {
        let allow = AllowList::parse(&["example.org".into()], &[]).unwrap();
        let rule = |policy| NetworkRule { policy, allow: allow.clone() };
        let refused = |policy, profile| {
            rule(policy).checked(profile).err().map(|error| error.code().to_owned())
        };
        let code = Some("allow_list_without_egress".to_owned());
        assert_eq!(refused(None, Profile::WorkspaceCore), code);
        assert_eq!(refused(Some(NetworkPolicy::Off), Profile::VmRun), code);
        assert_eq!(refused(None, Profile::VmRun), None);
        assert_eq!(refused(Some(NetworkPolicy::Egress), Profile::WorkspaceCore), None);
    }

    #[test]
    fn what_is_too_large_is_refused_by_the_name_of_the_flag() {
        let ceilings =
            Ceilings { max_mem_mib: Some(2048), max_vcpus: Some(2), max_workspaces: Some(3) };
        assert!(
            ceilings.check(&VmSpec { mem_mib: 2048, vcpu_count: 2, ..VmSpec::default() }).is_ok()
        );
        let hint = |refused: Result<(), Error>| refused.unwrap_err().report().hints.join(" ");
        let mem = hint(ceilings.check(&VmSpec { mem_mib: 2049, ..VmSpec::default() }));
        assert!(mem.contains("at most 2048") && mem.contains("--max-mem-mib"), "{mem}");
        let cpu = hint(ceilings.check(&VmSpec { vcpu_count: 3, ..VmSpec::default() }));
        assert!(cpu.contains("--max-vcpus"), "{cpu}");
        assert!(ceilings.check_workspaces(2).is_ok());
        assert!(hint(ceilings.check_workspaces(3)).contains("--max-workspaces"));
        assert!(Ceilings::default().check_workspaces(1000).is_ok());
    }
}
