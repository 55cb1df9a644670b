//! What every request needs to know about the agent that serves it.

use crate::disk::Disk;
use crate::files::Root;
use crate::network::Network;
use crate::reaper::Reaper;
use crate::scope::Scopes;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// The agent of one machine; shared by all its requests.
#[derive(Debug)]
pub(crate) struct Agent {
    /// Where it lives.
    pub(crate) place: Place,
    /// Where guest paths lead.
    pub(crate) root: Root,
    /// What all that is kept on.
    pub(crate) disk: Arc<Disk>,
    /// Held while a file is edited, or a patch applied.
    pub(crate) editing: Mutex<()>,
    /// Held while a manifest is taken.
    pub(crate) taking: Mutex<()>,
    /// Who waits for which process.
    pub(crate) reaper: Reaper,
    /// How the processes of a command are kept together.
    pub(crate) scopes: Scopes,
    /// The network, once the host has asked for it.
    pub(crate) network: Mutex<Option<Network>>,
    /// Told when the host asks for the end of the machine.
    pub(crate) power_off: Notify,
}

/// Where an agent lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// PID 1 of a virtual machine: everything in it is ours.
    Machine,
    /// An ordinary process of the host: only its own children and directory are.
    Process,
}
