//! What a workspace is right now.

use super::find::{find, record_of};
use super::record::{SeedFacts, WorkspaceRecord};
use super::state::State;
use super::sweep::sweep;
use super::{WORKSPACE_PATH, machine_of};
use crate::certificates::BundleFacts;
use crate::clock::now;
use crate::config::{Config, Isolation};
use crate::error::Result;
use crate::event::Observer;
use crate::journal;
use crate::network::{AllowList, GUEST_ADDRESS, NetworkPolicy};
use crate::secret::SecretFacts;
use crate::shim::Client;
use crate::shim::note;
use crate::shim::protocol::Presence;
use crate::store::Item;
use serde::Serialize;
use std::collections::BTreeMap;

/// Whoever looks at a workspace or works in it is told that it is about to expire so many seconds before.
const EXPIRES_SOON: u64 = 120;

/// A workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkspaceStatus {
    /// Its id.
    pub workspace_id: String,
    /// How the user calls it.
    pub name: Option<String>,
    /// What the user notes about it.
    pub labels: BTreeMap<String, String>,
    /// What it boots.
    pub environment: String,
    /// Which version of that.
    pub environment_version: String,
    /// Virtual CPUs.
    pub vcpu_count: u32,
    /// Memory in MiB.
    pub mem_mib: u32,
    /// How long it may be idle, in seconds.
    pub ttl_seconds: u64,
    /// Unix seconds.
    pub created_at: u64,
    /// When it was last used, Unix seconds.
    pub last_activity_at: u64,
    /// When it expires if nobody uses it, Unix seconds; for one that does not run, when it would have.
    pub expires_at: u64,
    /// In how many seconds it expires if nobody uses it, where that is soon.
    pub expires_in_seconds: Option<u64>,
    /// Where it is in its life.
    pub state: State,
    /// What its guest may reach.
    pub network_policy: NetworkPolicy,
    /// Whether it may reach anything.
    pub network_enabled: bool,
    /// What it may reach, where not everything public.
    #[serde(skip_serializing_if = "AllowList::is_empty")]
    pub network_allow: AllowList,
    /// Whether it may run on the host where no machine can boot.
    pub allow_host_compat: bool,
    /// The guest's address, in a network of its own; none without a network.
    pub guest_ip: Option<String>,
    /// How the agent is reached.
    pub execution_mode: String,
    /// How strongly the guest is kept apart from the host.
    pub isolation: Isolation,
    /// The process jail around the machine: `full`, `landlock` or `none`.
    pub jail: String,
    /// Where its files are in the guest.
    pub workspace_path: String,
    /// What it was seeded with; nothing while it is being made.
    pub workspace_seed: Option<SeedFacts>,
    /// The secrets that its guest is given.
    pub secrets: Vec<SecretFacts>,
    /// How many commands it was given since its creation or last reset.
    pub command_count: usize,
    /// The last of them.
    pub last_command: Option<LastCommand>,
    /// The ids of those that run.
    pub running_commands: Vec<String>,
    /// How often it was reset.
    pub reset_count: u64,
    /// When it was last reset, Unix seconds.
    pub last_reset_at: Option<u64>,
    /// None in this release.
    pub service_count: usize,
    /// None in this release.
    pub running_service_count: usize,
    /// What else is known: `backend`; `ca_bundle` and `ca_certificates`, where it was given some; why it does
    /// not run.
    pub metadata: BTreeMap<String, String>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// The last command of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastCommand {
    /// What ran.
    pub command: String,
    /// Where it began.
    pub cwd: String,
    /// None while it runs.
    pub exit_code: Option<i32>,
    /// None while it runs.
    pub duration_ms: Option<u64>,
}

/// The workspace with this id, name, or beginning of either.
///
/// # Errors
/// If there is no such workspace, or its record is damaged.
pub async fn status(
    config: &Config,
    wanted: &str,
    observer: Observer<'_>,
) -> Result<WorkspaceStatus> {
    sweep(config, observer);
    status_of(config, &find(config, wanted)?).await
}

pub(super) async fn status_of(config: &Config, item: &Item) -> Result<WorkspaceStatus> {
    let record = record_of(item)?;
    let (state, _) = state_of(config, item, &record)?;
    let presence = match state {
        State::Started => presence(config, item).await,
        _ => None,
    };
    WorkspaceStatus::of(item, record, state, presence)
}

/// Where it is in its life, and whether its machine was killed.
pub(super) fn state_of(
    config: &Config,
    item: &Item,
    record: &WorkspaceRecord,
) -> Result<(State, bool)> {
    if record.made.is_none() {
        return Ok((State::Creating, false));
    }
    if machine_of(config, item).is_kept()? {
        return Ok((State::Started, false));
    }
    Ok(match note::read(item.path())? {
        Some(note) if note.expired => (State::Expired, false),
        Some(note) => (State::Stopped, !note.asked),
        None => (State::Stopped, true),
    })
}

/// One that does not answer is described by what is recorded.
async fn presence(config: &Config, item: &Item) -> Option<Presence> {
    let shim = Client::connect(machine_of(config, item)).ok()?;
    let wait = std::time::Duration::from_secs(2);
    tokio::time::timeout(wait, shim.presence(None)).await.ok()?.ok()
}

/// In how many seconds that is, where they are few.
pub(super) fn soon(expires_at: u64) -> Option<u64> {
    Some(expires_at.saturating_sub(now())).filter(|seconds| *seconds <= EXPIRES_SOON)
}

impl WorkspaceStatus {
    fn of(
        item: &Item,
        record: WorkspaceRecord,
        state: State,
        presence: Option<Presence>,
    ) -> Result<Self> {
        let history = journal::read(item.path())?;
        let note = note::read(item.path())?;
        let mut metadata = BTreeMap::from([("backend".to_owned(), record.facts.backend)]);
        metadata.extend(record.ca_bundle.iter().flat_map(BundleFacts::metadata));
        if let Some(note) = note.as_ref().filter(|_| state != State::Started) {
            metadata.insert("ended_because".to_owned(), note.why.clone());
        }
        let last_activity_at = presence.as_ref().map_or_else(
            || note.map_or(record.created_at, |note| note.last_activity_at),
            |presence| presence.last_activity_at,
        );
        let recorded_end = last_activity_at.saturating_add(record.machine.ttl_seconds);
        let expires_in_seconds = presence.as_ref().and_then(|presence| soon(presence.expires_at));
        Ok(Self {
            workspace_id: item.id().to_owned(),
            name: record.name,
            labels: record.labels,
            environment: record.facts.environment,
            environment_version: record.facts.environment_version,
            vcpu_count: record.machine.vcpu_count,
            mem_mib: record.machine.mem_mib,
            ttl_seconds: record.machine.ttl_seconds,
            created_at: record.created_at,
            last_activity_at,
            expires_at: presence.as_ref().map_or(recorded_end, |presence| presence.expires_at),
            expires_in_seconds,
            state,
            network_policy: record.network_policy,
            network_enabled: record.network_policy != NetworkPolicy::Off,
            network_allow: record.machine.allow,
            allow_host_compat: record.machine.allow_host_compat,
            guest_ip: (record.network_policy != NetworkPolicy::Off)
                .then(|| GUEST_ADDRESS.to_owned()),
            execution_mode: record.facts.execution_mode,
            isolation: record.facts.isolation,
            jail: record.facts.jail,
            workspace_path: WORKSPACE_PATH.to_owned(),
            workspace_seed: record.made.map(|made| made.seed),
            secrets: record.secrets,
            command_count: history.commands.len(),
            last_command: history.commands.last().map(LastCommand::of),
            running_commands: presence.map(|presence| presence.running).unwrap_or_default(),
            reset_count: record.reset_count,
            last_reset_at: record.last_reset_at,
            service_count: 0,
            running_service_count: 0,
            metadata,
            warnings: record.facts.warnings,
        })
    }
}

impl LastCommand {
    fn of(command: &journal::Command) -> Self {
        let ended = command.ended.as_ref();
        Self {
            command: command.begun.command.clone(),
            cwd: command.begun.cwd.clone(),
            exit_code: ended.map(|ended| ended.fate.exit_code()),
            duration_ms: ended.map(|ended| ended.duration_ms),
        }
    }
}
