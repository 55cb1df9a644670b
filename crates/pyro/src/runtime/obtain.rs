//! Brings the ordered bytes into a file of ours, with their digest: from the network or from a file,
//! which is copied so that nobody can change it between the check and the use.

use super::RuntimeError;
use super::aside::{Aside, Workbench, Written};
use super::order::Place;
use crate::config::Config;
use crate::error::AtPath;
use crate::event::{self, Event, Observer, Unit};
use crate::fetch::Download;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// More than any release has: that of 1.16.1 with its debug symbols has some tens of MiB.
const MAX_BYTES: u64 = 256 << 20;
const BLOCK: usize = 64 << 10;

/// Fetches or copies `place`, with progress under the name `what`.
pub(super) fn obtain(
    config: &Config,
    place: &Place,
    what: &str,
    bench: &Workbench,
    observer: Observer<'_>,
) -> Result<Written, RuntimeError> {
    let told = |done, total| {
        let what = what.to_owned();
        observer(Event::Advanced { what, done, total, unit: Unit::Bytes });
    };
    let mut aside = bench.begin("obtained")?;
    event::step(observer, what, || match place {
        Place::Url(url) => download(url, config, &mut aside, told),
        Place::File(path) => copy(path, &mut aside, told),
    })?;
    Ok(aside.finish())
}

fn download(
    url: &str,
    config: &Config,
    aside: &mut Aside,
    told: impl Fn(u64, Option<u64>),
) -> Result<(), RuntimeError> {
    let mut download = Download::begin(url, &config.proxies, MAX_BYTES)?;
    let mut block = vec![0; BLOCK];
    loop {
        match download.read(&mut block)? {
            0 => return Ok(()),
            read => aside.append(&block[..read])?,
        }
        told(aside.length(), download.length());
    }
}

fn copy(
    path: &Path,
    aside: &mut Aside,
    told: impl Fn(u64, Option<u64>),
) -> Result<(), RuntimeError> {
    let mut file = File::open(path).at("open", path)?;
    let about = file.metadata().at("look at", path)?;
    if !about.is_file() {
        let reason = "it is not a file";
        return Err(RuntimeError::BadSource { from: path.display().to_string(), reason });
    }
    let mut block = vec![0; BLOCK];
    loop {
        match file.read(&mut block).at("read", path)? {
            0 => return Ok(()),
            read => aside.append(&block[..read])?,
        }
        if aside.length() > MAX_BYTES {
            let what = path.display().to_string();
            return Err(RuntimeError::TooLarge { what, max_bytes: MAX_BYTES });
        }
        told(aside.length(), Some(about.len()));
    }
}
