//! A workspace to work in: found, and started again where nobody stopped it on purpose.

use super::boot::{boot, choose};
use super::find::{find, record_of};
use super::machine_of;
use super::record::WorkspaceRecord;
use super::state::{State, Verb};
use super::status::{soon, state_of};
use super::sweep::sweep;
use crate::config::Config;
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::network::{RefusedConnection, log};
use crate::secret::{Disclosure, Vault};
use crate::shim::{Client, attach, note};
use crate::store::Item;
use crate::vm::VmFacts;
use std::sync::Arc;

/// A started workspace. Dropping it changes nothing: the workspace goes on.
#[derive(Debug)]
pub struct Workspace {
    pub(super) item: Item,
    pub(super) record: WorkspaceRecord,
    pub(super) shim: Arc<Client>,
    pub(super) vault: Vault,
    pub(super) disclosure: Disclosure,
    notices: Vec<String>,
}

impl Workspace {
    /// Finds the workspace with this id, name, or beginning of either. One that expired, or whose machine
    /// was killed, is started again, which [`Workspace::notices`] says.
    ///
    /// # Errors
    /// If there is no such workspace, it is stopped or still being made, or it does not boot.
    pub async fn open(config: &Config, wanted: &str, observer: Observer<'_>) -> Result<Self> {
        sweep(config, observer);
        let item = find(config, wanted)?;
        if let Some(open) = Self::running(config, &item).await? {
            return Ok(open);
        }
        let _turn = item.turn().await?;
        // somebody else may have been faster
        match Self::running(config, &item).await? {
            Some(open) => Ok(open),
            None => Self::start_again(config, item, observer).await,
        }
    }

    /// The workspace where its machine runs.
    async fn running(config: &Config, item: &Item) -> Result<Option<Self>> {
        let record = record_of(item)?;
        let (state, _) = state_of(config, item, &record)?;
        if state != State::Started {
            return Ok(None);
        }
        let Some(shim) = attach(&machine_of(config, item)).await? else { return Ok(None) };
        shim.ready().await?;
        Ok(Some(Self::at(item.clone(), record, shim, Vec::new())?))
    }

    async fn start_again(config: &Config, item: Item, observer: Observer<'_>) -> Result<Self> {
        let mut record = record_of(&item)?;
        let (state, killed) = state_of(config, &item, &record)?;
        if !killed {
            state.permit(Verb::Work, item.id())?;
        }
        let why = note::read(item.path())?;
        let why = why.map_or_else(|| "its machine was killed".to_owned(), |note| note.why);
        let notice = format!(
            "{} did not run ({why}) and was started again: its files are there, its processes are not",
            item.id()
        );
        observer(Event::Warning(notice.clone()));
        let shim = start(config, &item, &mut record).await?;
        Self::at(item, record, shim, vec![notice])
    }

    fn at(item: Item, record: WorkspaceRecord, shim: Client, notices: Vec<String>) -> Result<Self> {
        let vault = Vault::open_with(item.path(), &record.secrets)?;
        let (shim, disclosure) = (Arc::new(shim), Disclosure::Refused);
        Ok(Self { item, record, shim, vault, disclosure, notices })
    }

    /// The same, which gives out content that holds secrets only if that is allowed; at first it is not.
    #[must_use]
    pub fn disclosing(self, disclosure: Disclosure) -> Self {
        Self { disclosure, ..self }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.item.id()
    }

    /// What is known about its machine.
    #[must_use]
    pub fn facts(&self) -> &VmFacts {
        &self.record.facts
    }

    /// What whoever works in it should know: that it had to be started again.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The connections that its policy has refused since a time in Unix milliseconds.
    #[must_use]
    pub fn refused_connections(&self, since_ms: u64) -> Vec<RefusedConnection> {
        log::refused(self.item.path(), since_ms..=u64::MAX)
    }

    /// In how many seconds it expires if nobody works in it, where that is soon. None also where its
    /// machine is gone by now: what was done is done.
    pub async fn expires_in_seconds(&self) -> Option<u64> {
        soon(self.shim.presence(None).await.ok()?.expires_at)
    }
}

/// Boots the machine of a workspace that does not run. The caller has its turn.
pub(super) async fn start(
    config: &Config,
    item: &Item,
    record: &mut WorkspaceRecord,
) -> Result<Client> {
    // the host may have changed since
    let backend = choose(config, &record.machine)?.backend(record.image.boot.clone());
    record.facts.isolation = backend.isolation();
    record.facts.jail = backend.jail().to_string();
    record.facts.execution_mode = backend.execution_mode().to_owned();
    record.facts.backend = backend.name().to_owned();
    boot(config, item, record, backend, false).await
}
