//! What front ends and the shim say to each other, over the same streams that carry the agent's
//! protocol: a request that is for the guest is relayed as it is.

use crate::error::Report;
use crate::machine::MachineSpec;
use crate::network::NetworkSpec;
use crate::secret::SecretEnv;
use pyro_proto::request::{Exec, Request};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What the front end hands to a new shim (`machine.json`): written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The version of pyro that wrote it; a shim of another one refuses.
    pub pyro: String,
    /// The machine.
    pub machine: MachineSpec,
    /// What its guest may reach; nothing where there is none.
    #[serde(default)]
    pub network: Option<NetworkSpec>,
    /// Whose presence keeps it.
    pub tenure: Tenure,
    /// After so many seconds the machine ends: of its life, whatever it does, or of idleness where it is a
    /// workspace's.
    pub ttl_seconds: u64,
    /// How long the guest may take to answer, in its first boot and in its second and last.
    pub boot_deadlines: [Duration; 2],
    /// Where facts about this host are remembered between machines.
    pub cache: PathBuf,
    /// A file of certificates that the guest is to trust before it runs anything.
    #[serde(default)]
    pub ca_bundle: Option<PathBuf>,
}

/// What a machine's life hangs on, beside its VMM and its time to live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tenure {
    /// The connection that came with it: it ends with the front end that started it.
    Leased,
    /// Nothing but [`Ask::End`] and SIGTERM: front ends come and go. One that does not boot ends
    /// when nobody is left to be told why.
    Detached,
    /// As `Detached`, for a workspace: its time is that of its idleness, its guest is told before it
    /// ends, its commands and its end are recorded.
    Workspace {
        /// The workspace's directory.
        directory: PathBuf,
        /// Whether it is only being made: then it hangs on the connection that came with it, until
        /// [`Ask::Made`].
        in_the_making: bool,
    },
}

/// A front end's request, the first word of a stream.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "shim", rename_all = "snake_case")]
pub enum Ask {
    /// Answers one [`Ready`] message when the machine has booted or failed, then finishes.
    Ready,
    /// Relays to the agent, in both directions.
    Guest {
        /// The agent's request.
        request: Request,
    },
    /// Makes the life of the machine hang on this stream, whatever its tenure: answers one message, and
    /// ends the machine when the stream ends.
    Lease,
    /// The workspace is made: from now on its machine hangs on nobody. Finishes.
    Made,
    /// Holds the machine still, so that its disk can be copied: one [`Still`] message when it stands, and
    /// `Finish` when it goes on, which it does when the front end finishes or leaves.
    Still,
    /// Ends the machine and removes its directory; finishes when nothing is left but the shim.
    End,
    /// As [`Ask::End`], but the guest first brings its disk into order.
    Stop,
    /// Runs a command of a workspace, which goes on when the front end leaves. Answers one [`Begun`]
    /// message, then as the agent's `Exec` does where it is `followed`, and otherwise one [`Ended`] message.
    ///
    /// [`Begun`]: crate::journal::Begun
    /// [`Ended`]: crate::journal::Ended
    Exec {
        /// The command.
        exec: Exec,
        /// Whether output is sent as it comes; where it is not read, it holds the command back.
        followed: bool,
        /// The secrets that the shim puts into its environment.
        #[serde(default)]
        secret_env: Vec<SecretEnv>,
    },
    /// Answers one [`Progress`] message: when a command of this workspace has written more than so many
    /// bytes, has ended, or after a while.
    Await {
        /// Which command.
        exec_id: String,
        /// Of both streams together.
        beyond: u64,
        /// How long to wait at most, in milliseconds.
        wait_ms: u64,
    },
    /// Ends a command of this workspace: politely, then by force. Answers one [`Progress`] message when it
    /// has ended.
    StopExec {
        /// Which command.
        exec_id: String,
    },
    /// Answers one [`Presence`] message; gives the workspace another time to live first, if any is named.
    Presence {
        /// Seconds of idleness.
        ttl_seconds: Option<u64>,
    },
}

/// How far a command is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes that it has written to stdout.
    pub stdout_bytes: u64,
    /// Bytes that it has written to stderr.
    pub stderr_bytes: u64,
    /// Whether it runs still.
    pub running: bool,
}

/// How a machine stands still: nothing of it writes to its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Still {
    /// Whether its guest brought the disk's file system into order before. Its word.
    pub frozen: bool,
}

/// How a workspace's machine stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// When it last was or began to be used, Unix seconds; now, while it is.
    pub last_activity_at: u64,
    /// When it ends if nobody uses it, Unix seconds.
    pub expires_at: u64,
    /// The commands that run.
    pub running: Vec<String>,
}

/// Whether a machine came up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// It did.
    Yes,
    /// It did not.
    Failed(Report),
}
