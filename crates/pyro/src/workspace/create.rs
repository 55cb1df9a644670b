//! Makes a workspace: seeds its disk, boots it, takes its baseline. It exists when all of that is done; whatever
//! ends a creation before, nothing of it stays.

use super::boot::{boot, choose, pin};
use super::find::check_free;
use super::record::{Made, SeedFacts, VERSION, WorkspaceRecord};
use super::seeding::{self, Seed};
use super::status::{WorkspaceStatus, status_of};
use super::sweep::sweep;
use super::{WorkspaceSpec, baseline, disk_of, machine_of, workspaces};
use crate::certificates::Bundle;
use crate::clock::now;
use crate::config::Config;
use crate::disk;
use crate::error::Result;
use crate::event::Observer;
use crate::machine::choose::Choice;
use crate::network::NetworkPolicy;
use crate::secret::{Secret, Vault};
use crate::shim::{Client, Manner, end};
use crate::store::{Item, Turn};
use crate::vm::VmSpec;
use crate::vm::start::{DISK_BYTES, new_id};

/// Makes a workspace and leaves it started. An environment that is not there yet is prepared first, which
/// takes a while and tells the observer. If the future is dropped, or the process killed, the machine
/// ends and the next verb removes the rest.
///
/// # Errors
/// If the wish is impossible, the environment cannot be prepared, the machine does not boot, or the seed
/// is refused.
/// # Example
/// ```no_run
/// use pyro::event::ignore;
/// use pyro::vm::run::OutputLimits;
/// use pyro::workspace::exec::ExecRequest;
/// use pyro::workspace::{self, Workspace, WorkspaceSpec};
/// use std::time::Duration;
///
/// # async fn example(config: &pyro::Config) -> pyro::Result<()> {
/// let spec = WorkspaceSpec { name: Some("fix-42".into()), ..WorkspaceSpec::default() };
/// let made = workspace::create(config, &spec, None, &ignore).await?;
///
/// // found again by any process, at any time, by its id or its name
/// let workspace = Workspace::open(config, "fix-42", &ignore).await?;
/// let request = ExecRequest {
///     command: "echo hello > greeting.txt".into(),
///     timeout_seconds: 30,
///     secret_env: Vec::new(),
/// };
/// let wait = Duration::from_secs(30);
/// let ran = workspace.exec_for(&request, wait, OutputLimits::default()).await?;
/// assert_eq!(ran.exit_code, Some(0));
/// print!("{}", workspace.diff(pyro::patch::Limits::default()).await?.diff.patch.text);
///
/// workspace::delete(config, &made.workspace_id, &ignore).await?;
/// # Ok(())
/// # }
/// ```
pub async fn create(
    config: &Config,
    spec: &WorkspaceSpec,
    seed: Option<Seed>,
    observer: Observer<'_>,
) -> Result<WorkspaceStatus> {
    spec.check()?;
    let certificates = Bundle::wanted(config)?;
    let choice = choose(config, &spec.machine)?;
    sweep(config, observer);
    if let Some(name) = &spec.name {
        // before anything takes long
        check_free(config, name, "")?;
    }
    let (item, turn) = workspaces(config).create(&new_id("ws")?)?;
    let order = Order { spec, choice: &choice, certificates };
    match make(config, &order, seed, (&item, &turn), observer).await {
        Ok(()) => {
            drop(turn);
            status_of(config, &item).await
        }
        Err(error) => {
            // what cannot be removed now is swept later, and the first error counts
            let _ = end(&machine_of(config, &item), Manner::AtOnce).await;
            let _ = item.remove(&turn);
            Err(error)
        }
    }
}

/// What is to be made, decided and checked.
struct Order<'a> {
    spec: &'a WorkspaceSpec,
    choice: &'a Choice,
    certificates: Option<Bundle>,
}

async fn make(
    config: &Config,
    order: &Order<'_>,
    seed: Option<Seed>,
    (item, turn): (&Item, &Turn),
    observer: Observer<'_>,
) -> Result<()> {
    let mut record = begin(config, order, (item, turn), observer).await?;
    let seed = seed_disk(item, seed, observer).await?;
    let backend = order.choice.backend(record.image.boot.clone());
    // until it is made, it hangs on this process
    let shim = boot(config, item, &record, backend, true).await?;
    record.made = Some(complete(item, &shim, seed).await?);
    item.write(turn, &record)?;
    Ok(shim.made().await?)
}

/// Finds what it boots, and records that it is being made, under a name that nobody else has.
async fn begin(
    config: &Config,
    Order { spec, choice, certificates }: &Order<'_>,
    (item, turn): (&Item, &Turn),
    observer: Observer<'_>,
) -> Result<WorkspaceRecord> {
    let has_certificates = certificates.is_some();
    let (image, mut facts) =
        pin(config, &spec.machine, item, choice, has_certificates, observer).await?;
    if let Some(bundle) = certificates {
        bundle.keep(item.path())?;
    }
    Vault::keep(&spec.secrets, item.path())?;
    facts.warnings.extend(spec.secrets.iter().filter_map(Secret::warning));
    let record = WorkspaceRecord {
        version: VERSION,
        machine: VmSpec {
            network: spec.network_policy != NetworkPolicy::Off,
            ..spec.machine.clone()
        },
        name: spec.name.clone(),
        labels: spec.labels.clone(),
        network_policy: spec.network_policy,
        created_at: now(),
        facts,
        image,
        made: None,
        ca_bundle: certificates.as_ref().map(Bundle::facts),
        secrets: spec.secrets.iter().map(Secret::facts).collect(),
        reset_count: 0,
        last_reset_at: None,
    };
    let _all = workspaces(config).lock()?;
    if let Some(name) = &spec.name {
        check_free(config, name, item.id())?;
    }
    item.write(turn, &record)?;
    Ok(record)
}

/// Makes its disk, with what it begins with.
async fn seed_disk(
    item: &Item,
    seed: Option<Seed>,
    observer: Observer<'_>,
) -> Result<Option<SeedFacts>> {
    let path = disk_of(item.path());
    let disk = disk::create(&path, DISK_BYTES)?;
    match seed {
        Some(seed) => seeding::onto((disk, path), seed, observer).await.map(Some),
        None => Ok(None),
    }
}

/// Takes its baseline.
async fn complete(item: &Item, shim: &Client, seed: Option<SeedFacts>) -> Result<Made> {
    let Some(seed) = seed else {
        return Ok(Made { seed: seeding::nothing(), baseline: baseline::empty() });
    };
    let baseline = baseline::take(item, shim, seed.entry_count, seed.bytes_written).await?;
    Ok(Made { seed, baseline })
}
