//! What a workspace begins with, on its way from the host into the guest.

use super::WORKSPACE_PATH;
use super::record::SeedFacts;
use crate::error::Result;
use crate::event::Observer;
use crate::guest::{GuestError, transfer};
use crate::seed::{self, Named, SeedLimits, Seeded, Source};
use crate::shim::Client;
use pyro_proto::GuestPath;
use pyro_proto::request::{Request, TransferDone};

/// Something from the host that goes into a workspace.
#[derive(Debug)]
pub struct Seed {
    /// Where it is read.
    pub source: Source,
    /// How the user named it: a path or a URL.
    pub path: String,
    /// What it may be at most.
    pub limits: SeedLimits,
}

impl Seed {
    /// With the usual limits.
    #[must_use]
    pub fn new(source: Source, path: impl Into<String>) -> Self {
        Self { source, path: path.into(), limits: SeedLimits::default() }
    }
}

/// The seed of a workspace that begins empty.
pub(super) fn nothing() -> SeedFacts {
    SeedFacts {
        mode: "empty".to_owned(),
        path: None,
        destination: WORKSPACE_PATH.to_owned(),
        entry_count: 0,
        bytes_written: 0,
        ignored_count: 0,
        withheld: Vec::new(),
        changed_during_read: Vec::new(),
    }
}

/// Seeds a workspace that nobody works in yet.
pub(super) async fn seed_with(
    shim: &Client,
    seed: Seed,
    observer: Observer<'_>,
) -> Result<SeedFacts> {
    send(shim, seed, WORKSPACE_PATH.into(), false, observer).await
}

/// Sends a seed to a directory of the guest; `replace` where somebody works there: then each file is the
/// old one or the new one at any moment.
pub(super) async fn send(
    shim: &Client,
    seed: Seed,
    destination: GuestPath,
    replace: bool,
    observer: Observer<'_>,
) -> Result<SeedFacts> {
    let Seed { source, path, limits } = seed;
    let mut seeding = seed::stream(source, &limits, observer)?;
    let request = Request::WriteTree { path: destination.clone(), replace };
    let sent = transfer::send(shim.guest(request).await?, &mut seeding).await;
    // where the source broke off, its word explains more than the guest's
    match (seeding.finish().await, sent) {
        (Ok(seeded), Ok(done)) => Ok(facts(path, &destination, &seeded, done)),
        (Err(refused), Err(GuestError::Host(..)) | Ok(_)) => Err(refused.into()),
        (_, Err(error)) => Err(error.into()),
    }
}

fn facts(path: String, destination: &GuestPath, seeded: &Seeded, done: TransferDone) -> SeedFacts {
    SeedFacts {
        mode: seeded.mode.to_owned(),
        path: Some(path),
        destination: destination.to_string(),
        entry_count: done.entries,
        bytes_written: done.bytes,
        ignored_count: seeded.ignored_count,
        withheld: named(&seeded.withheld),
        changed_during_read: named(&seeded.changed_during_read),
    }
}

fn named(named: &Named) -> Vec<String> {
    named.paths.iter().map(|path| path.display().to_string()).collect()
}
