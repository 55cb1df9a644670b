//! Takes a snapshot of a workspace, whether its machine runs or not.

use super::WorkspaceError;
use super::capture::capture;
use super::find::{find, record_of};
use super::offline::ask;
use super::snapshot::{
    Consistency, Snapshot, SnapshotRecord, VERSION, check_name, disk_of, snapshots_of,
};
use super::state::Verb;
use super::status::state_of;
use super::sweep::sweep;
use crate::clock::now;
use crate::config::Config;
use crate::confined::Survey;
use crate::durable;
use crate::error::{Kind, Result};
use crate::event::Observer;
use crate::secret::Vault;
use crate::store::{Item, Turn};

/// So many entries are counted at most.
const MAX_COUNTED: u64 = 1_000_000;

/// Takes a snapshot of the workspace with this id, name, or beginning of either. A machine that runs is held
/// still while its disk is copied: for a moment where the host's file system shares blocks, else for as
/// long as the disk's data takes.
///
/// # Errors
/// If there is no such workspace, the name is none, taken or holds a secret of it, or there is no room. Nothing is
/// left then.
/// # Example
/// ```no_run
/// use pyro::event::ignore;
/// use pyro::workspace::{reset, snapshot_create};
///
/// # async fn example(config: &pyro::Config) -> pyro::Result<()> {
/// snapshot_create(config, "fix-42", "tests-pass", &ignore).await?;
/// // … and later, whatever has become of it:
/// reset(config, "fix-42", "tests-pass", &ignore).await?;
/// # Ok(())
/// # }
/// ```
pub async fn snapshot_create(
    config: &Config,
    wanted: &str,
    name: &str,
    observer: Observer<'_>,
) -> Result<Snapshot> {
    check_name(name)?;
    sweep(config, observer);
    let item = find(config, wanted)?;
    let _turn = item.turn().await?;
    let record = record_of(&item)?;
    state_of(config, &item, &record)?.0.permit(Verb::Snapshot, item.id())?;
    // names are shown to everybody
    let vault = Vault::open_with(item.path(), &record.secrets)?;
    vault.check_open(Some(&name.to_owned()), [])?;
    let snapshots = snapshots_of(&item);
    if snapshots.all()?.iter().any(|snapshot| snapshot.id() == name) {
        let workspace_id = item.id().to_owned();
        return Err(WorkspaceError::SnapshotExists { workspace_id, snapshot: name.into() }.into());
    }
    let (snapshot, own) = snapshots.create(name)?;
    match take(config, &item, (&snapshot, &own)).await {
        Ok(record) => Ok(Snapshot::named(&item, &snapshot, &record)),
        Err(error) => {
            // what cannot be removed now is swept later, and the first error counts
            let _ = snapshot.remove(&own);
            Err(error)
        }
    }
}

async fn take(
    config: &Config,
    item: &Item,
    (snapshot, own): (&Item, &Turn),
) -> Result<SnapshotRecord> {
    let created_at = now();
    let disk = disk_of(snapshot.path());
    capture(config, item, disk.clone()).await?;
    let survey = match ask(config, item, disk, |disk| disk.survey(MAX_COUNTED)).await {
        Ok(survey) => survey,
        // the guest's own kernel may make something of it
        Err(error) if error.kind() == Kind::Guest => {
            Survey { is_clean: false, entries: None, bytes: None }
        }
        Err(error) => return Err(error),
    };
    let record = SnapshotRecord {
        version: VERSION,
        created_at,
        entry_count: survey.entries,
        bytes_written: survey.bytes,
        consistency: match survey.is_clean {
            true => Consistency::Filesystem,
            false => Consistency::Crash,
        },
    };
    snapshot.write(own, &record)?;
    // the first snapshot has made the directory of all
    durable::sync_directory(item.path())?;
    Ok(record)
}
