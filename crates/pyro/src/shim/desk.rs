//! What front ends' requests work on, shared by all of them: the guest, the commands, and who waits for
//! the end.

use super::activity::Activity;
use super::commands::Commands;
use super::end::Cause;
use super::protocol::Presence;
use crate::error::Report;
use crate::machine::Brake;
use crate::secret::Vault;
use pyro_proto::mux::{Session, Stream};
use pyro_proto::request::Request;
use pyro_proto::{Refusal, RefusalCode};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

/// How long a lost guest may take to be explained.
const EXPLANATION: Duration = Duration::from_secs(1);

/// What the front ends' requests work on.
pub(super) struct Desk {
    /// The agent's session, once there is one, or why there is none.
    pub(super) machine: Machine,
    /// What stops the machine for a moment, once there is one.
    pub(super) brake: OnceCell<Brake>,
    /// Of a workspace: its commands.
    pub(super) commands: Option<Commands>,
    /// Of a workspace: its secrets.
    pub(super) vault: Vault,
    /// Who works in it, and since when nobody does.
    pub(super) activity: Rc<Activity>,
    /// Who asked for the end and waits for it, and whether the guest is to be told.
    pub(super) end: mpsc::UnboundedSender<(Cause, Stream)>,
    /// Whether a workspace that was in the making is made.
    pub(super) made: Cell<bool>,
    /// Rings when a front end leaves that the machine's life hung on.
    pub(super) left: Notify,
    /// Why the machine ended, once it has.
    pub(super) why: watch::Receiver<Option<String>>,
    /// Front ends, as long as they are connected.
    pub(super) present: RefCell<JoinSet<()>>,
}

/// The machine, once it is there or has failed.
pub(super) type Machine = watch::Receiver<Option<Result<Session, Report>>>;

impl Desk {
    /// Waits until the machine is there or has failed.
    pub(super) async fn machine(&self) -> Option<Result<Session, Report>> {
        let mut machine = self.machine.clone();
        machine.wait_for(Option::is_some).await.ok()?.clone()
    }

    /// The agent's session, once there is one.
    pub(super) async fn guest(&self) -> Result<Session, Refusal> {
        match self.machine().await {
            Some(Ok(guest)) => Ok(guest),
            Some(Err(report)) => Err(Refusal::new(RefusalCode::Failed, report.message)),
            None => Err(Refusal::disconnected()),
        }
    }

    pub(super) fn presence(&self) -> Presence {
        Presence {
            last_activity_at: self.activity.last_at(),
            expires_at: self.activity.expires_at(),
            running: self.commands.as_ref().map(Commands::running).unwrap_or_default(),
        }
    }

    /// A refusal of the guest as the front end is told it: without secrets. A lost connection to the guest, in
    /// words that mean something.
    pub(super) async fn explained(&self, mut refusal: Refusal) -> Refusal {
        self.vault.redactor().cover(&mut refusal.message);
        if refusal.code != RefusalCode::Disconnected {
            return refusal;
        }
        let mut why = self.why.clone();
        match tokio::time::timeout(EXPLANATION, why.wait_for(Option::is_some)).await {
            Ok(Ok(why)) => {
                let why = why.as_deref().unwrap_or("for no known reason");
                Refusal::new(RefusalCode::Disconnected, format!("the machine ended: {why}"))
            }
            _ => refusal,
        }
    }

    /// Asks the guest to end, which brings its disk into order first.
    pub(super) async fn power_off(&self) {
        let guest = match self.machine.borrow().as_ref() {
            Some(Ok(guest)) => guest.clone(),
            _ => return,
        };
        // the answer is the end of the channel
        if let Ok(mut stream) = guest.open(&Request::PowerOff).await {
            let _ = stream.receiver.next().await;
        }
    }
}
