//! Everything that one command started, kept together so that it can be killed as a whole: a cgroup
//! in a machine, descent from the command in a process. It does not know what the command is.

mod cgroup;
mod descent;

pub(crate) use descent::kill_all as kill_descendants;

use cgroup::Cgroup;
pub(crate) use cgroup::Cgroups;
use descent::Descent;
use rustix::process::Pid;
use std::io;
use std::os::fd::OwnedFd;

/// Makes scopes.
#[derive(Debug)]
pub(crate) enum Scopes {
    /// One cgroup per command.
    Cgroups(Cgroups),
    /// Marked descendants.
    Descent(descent::Marks),
}

/// One command's processes.
#[derive(Debug)]
pub(crate) enum Scope<'a> {
    /// In a cgroup.
    Cgroup(Cgroup<'a>),
    /// By descent.
    Descent(Descent),
}

impl Scopes {
    /// For an agent without privileges.
    pub(crate) fn by_descent() -> Self {
        Self::Descent(descent::Marks::default())
    }

    /// A scope for one command.
    pub(crate) fn make(&self) -> io::Result<Scope<'_>> {
        Ok(match self {
            Self::Cgroups(cgroups) => Scope::Cgroup(cgroups.make()?),
            Self::Descent(marks) => Scope::Descent(marks.make()),
        })
    }

    /// Kills whatever any command has started, at the end of a machine.
    pub(crate) fn kill_everything(&self) {
        if let Self::Cgroups(cgroups) = self {
            cgroups.kill();
        }
    }

    /// Drops scopes whose last process has ended since the command did.
    pub(crate) fn sweep(&self) {
        if let Self::Cgroups(cgroups) = self {
            cgroups.sweep();
        }
    }
}

impl Scope<'_> {
    /// The file through which the first process joins, if it has to.
    pub(crate) fn admission(&self) -> io::Result<Option<OwnedFd>> {
        match self {
            Self::Cgroup(cgroup) => cgroup.admission().map(Some),
            Self::Descent(_) => Ok(None),
        }
    }

    /// The variable that the first process and its heirs carry, if they have to.
    pub(crate) fn mark(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Cgroup(_) => None,
            Self::Descent(descent) => Some((descent::MARK, descent.mark())),
        }
    }

    /// Says which process is the first.
    pub(crate) fn started(&mut self, first: Pid) {
        if let Self::Descent(descent) = self {
            descent.started(first);
        }
    }

    /// Kills all of it; none of it runs afterwards.
    pub(crate) async fn kill(&self) {
        match self {
            Self::Cgroup(cgroup) => cgroup.kill(),
            Self::Descent(descent) => descent.kill().await,
        }
    }
}
