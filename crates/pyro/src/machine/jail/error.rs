//! Why a VMM is not running in its jail.

use super::note::Stage;
use crate::error::{Diagnose, Kind};
use std::time::Duration;

/// What can go wrong between [`super::spawn`] and a running VMM.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JailError {
    /// The launcher could not be started or spoken to.
    #[error("cannot {action} the jail launcher")]
    Launcher {
        /// What was attempted.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The launcher ran and could not build the jail, or could not execute the VMM in it.
    #[error("the jail failed while {stage}: {message}")]
    Failed {
        /// How far it had come.
        stage: Stage,
        /// The kernel's error number, where a system call failed.
        errno: Option<i32>,
        /// What failed, with the path it was about.
        message: String,
    },
    /// The launcher ended without a word.
    #[error("the jail launcher ended without a report")]
    Silent,
    /// The launcher did not finish in time.
    #[error("the jail was not ready within {}s", .0.as_secs())]
    TimedOut(Duration),
    /// The list of files that a program needs could not be made.
    #[error("cannot {action} {}", program.display())]
    Program {
        /// What was attempted.
        action: &'static str,
        /// The program.
        program: std::path::PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
}

impl Diagnose for JailError {
    fn kind(&self) -> Kind {
        match self {
            Self::Launcher { .. } | Self::Program { .. } => Kind::Host,
            Self::Failed { stage: Stage::Spec, .. } | Self::Silent => Kind::Internal,
            Self::Failed { .. } => Kind::Host,
            Self::TimedOut(_) => Kind::Timeout,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Launcher { .. } => "jail_launcher",
            Self::Failed { stage: Stage::Namespaces, .. } => "jail_namespaces", // The host lets no new namespaces be made.
            Self::Failed { stage: Stage::Execute, .. } => "jail_execute", // The VMM could not be executed in the jail.
            Self::Failed { .. } => "jail_failed", // The jail could not be built.
            Self::Silent => "jail_silent",
            Self::TimedOut(_) => "jail_timed_out",
            Self::Program { .. } => "jail_program",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Failed { stage: Stage::Namespaces | Stage::Root | Stage::Landlock, .. } => {
                vec!["run `pyro doctor`: it says which jail this host can give, and why".into()]
            }
            Self::Failed { stage: Stage::Execute, .. } => {
                vec!["check that the program can be executed by this user".into()]
            }
            Self::TimedOut(_) => vec!["try again when the host is less busy".into()],
            _ => Vec::new(),
        }
    }
}
