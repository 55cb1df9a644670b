//! The VMM's resource limits (setrlimit(2)).

use super::note::{Failure, Stage, Staged};
use super::spec::Limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lowers the limits of the calling process for good: soft and hard alike.
pub(super) fn apply(limits: &Limits) -> Result<(), Failure> {
    lower(Resource::Core, 0)?;
    lower(Resource::Fsize, limits.file_size)?;
    lower(Resource::Nofile, limits.open_files)?;
    limits.processes.map_or(Ok(()), |most| lower(Resource::Nproc, most))?;
    limits.memory.map_or(Ok(()), |most| lower(Resource::As, most))
}

/// Never above the limit that is already there: raising a hard limit needs a privilege.
fn lower(resource: Resource, wanted: u64) -> Result<(), Failure> {
    let value = Some(getrlimit(resource).maximum.map_or(wanted, |most| wanted.min(most)));
    setrlimit(resource, Rlimit { current: value, maximum: value })
        .during(Stage::Limits, format_args!("setrlimit {resource:?}"))
}
