//! Why a machine did not start or did not live.

use crate::error::{Diagnose, Kind, PathError};
use crate::machine::jail::JailError;
use pyro_proto::handshake::{BootNote, HandshakeError};
use std::time::Duration;

/// A failure of the machine itself; what its guest's commands do is not one.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The host could not start the VMM.
    #[error("cannot start {program}")]
    Spawn {
        /// Its name.
        program: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The jail could not be built.
    #[error(transparent)]
    Jail(#[from] JailError),
    /// A file of the machine could not be used.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The VMM refused a part of its configuration, in its own words.
    #[error("{program} refused its configuration at stage {stage}: {message}")]
    Refused {
        /// Its name.
        program: &'static str,
        /// How far the boot had come.
        stage: &'static str,
        /// What it said.
        message: String,
    },
    /// The VMM cannot be spoken to.
    #[error("{program} cannot be reached at stage {stage}")]
    Lost {
        /// Its name.
        program: &'static str,
        /// How far the boot had come.
        stage: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The VMM's own seccomp filters are missing.
    #[error("{program} runs without its own seccomp filters (thread {thread:?})")]
    Unconfined {
        /// Its name.
        program: &'static str,
        /// A thread that has none.
        thread: String,
    },
    /// The VMM ended before the agent answered.
    #[error("the machine ended during its boot, at stage {stage}: {status}{}", last_lines(console))]
    EndedInBoot {
        /// How far the boot had come.
        stage: &'static str,
        /// Exit status or signal of the VMM.
        status: String,
        /// A quote of its console.
        console: String,
    },
    /// No answer from the agent.
    #[error(
        "the guest did not answer within {} s, at stage {stage}{}",
        deadline.as_secs_f32(),
        last_lines(console)
    )]
    BootDeadline {
        /// How far the boot had come.
        stage: &'static str,
        /// How long it had.
        deadline: Duration,
        /// A quote of its console.
        console: String,
    },
    /// The agent said which step of its boot failed.
    #[error("the guest failed at boot stage {}: {}", note.stage, note.message)]
    Boot {
        /// What the agent said.
        note: BootNote,
    },
    /// The other end of the channel is not our agent.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
}

fn last_lines(console: &str) -> String {
    if console.is_empty() { String::new() } else { format!("; its console says: {console}") }
}

impl Diagnose for MachineError {
    fn kind(&self) -> Kind {
        match self {
            Self::Spawn { .. }
            | Self::Path(_)
            | Self::Refused { .. }
            | Self::Lost { .. }
            | Self::Unconfined { .. } => Kind::Host,
            Self::Jail(e) => e.kind(),
            Self::BootDeadline { .. } => Kind::Timeout,
            Self::EndedInBoot { .. } | Self::Boot { .. } | Self::Handshake(_) => Kind::Guest,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Spawn { .. } => "vmm_spawn_failed",
            Self::Path(e) => e.code(),
            Self::Jail(e) => e.code(),
            Self::Refused { .. } => "vmm_refused",
            Self::Lost { .. } => "vmm_lost",
            Self::Unconfined { .. } => "vmm_unconfined",
            Self::EndedInBoot { .. } => "vmm_ended_in_boot",
            Self::BootDeadline { .. } => "boot_deadline",
            Self::Boot { .. } => "guest_boot_failed",
            Self::Handshake(_) => "bad_handshake",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Spawn { program, .. } => {
                vec![format!("check that {program} is installed: `pyro doctor`")]
            }
            Self::Path(e) => e.hints(),
            Self::Jail(e) => e.hints(),
            Self::BootDeadline { .. } => {
                vec!["the host may be very busy: try again, or see `pyro doctor`".into()]
            }
            Self::Unconfined { .. } => {
                vec!["use an official build of it, which has them: `pyro runtime install`".into()]
            }
            Self::Refused { .. }
            | Self::Lost { .. }
            | Self::EndedInBoot { .. }
            | Self::Boot { .. }
            | Self::Handshake(_) => {
                vec!["`pyro doctor` checks what machines need on this host".into()]
            }
        }
    }
}
