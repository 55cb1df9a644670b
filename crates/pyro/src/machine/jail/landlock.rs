//! Landlock: the kernel's own list of what a process may open, for the VMM alone. In tier `full`
//! it repeats what the private root says; in tier `landlock` it is the wall.

use super::note::{Failure, Stage, Staged};
use super::spec::{Access, Entry, Tier};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};

/// The newest rights that are asked for; an older kernel gives those it knows.
const NEWEST: ABI = ABI::V9;

/// Restricts the calling process to `entries`, and to no TCP, no signal and no abstract socket
/// beyond itself. In tier `full` a kernel without Landlock is accepted.
pub(super) fn restrict(entries: &[Entry], tier: Tier) -> Result<(), Failure> {
    let failed = |error: landlock::RulesetError| Failure::new(Stage::Landlock, error.to_string());
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(failed)?;
    for entry in entries {
        let path = if tier == Tier::Full { &entry.inside } else { &entry.host };
        let is_dir = path.metadata().during(Stage::Landlock, path.display())?.is_dir();
        let handle =
            PathFd::new(path).map_err(|error| Failure::new(Stage::Landlock, error.to_string()))?;
        let rule = PathBeneath::new(handle, rights(entry.access, is_dir));
        ruleset = ruleset.add_rule(rule).map_err(failed)?;
    }
    let status = ruleset.restrict_self().map_err(failed)?;
    if tier == Tier::Landlock && status.ruleset == RulesetStatus::NotEnforced {
        return Err(Failure::new(Stage::Landlock, "this kernel has no landlock"));
    }
    Ok(())
}

fn rights(access: Access, is_dir: bool) -> BitFlags<AccessFs> {
    let rights = match access {
        Access::Execute => AccessFs::from_read(NEWEST),
        Access::Read => AccessFs::ReadFile | AccessFs::ReadDir,
        Access::Write => {
            let never =
                AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
            AccessFs::from_all(NEWEST) & !never
        }
        Access::Device => AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev,
    };
    if is_dir { rights } else { rights & AccessFs::from_file(NEWEST) }
}
