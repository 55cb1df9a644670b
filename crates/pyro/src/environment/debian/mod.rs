//! Environments from the Debian archive: the packages of a recipe, installed by the host's
//! mmdebstrap, streamed into an image while they are checked; and the distribution's kernel. What
//! the cache does with the result is not decided here.

mod apt_settings;
pub(super) mod kernel;
mod mmdebstrap;
mod os_release;
mod packages;
mod progress;
mod requirements;
mod sources;
mod tool;
mod witness;

use super::building::Building;
use super::catalog::Recipe;
use super::record::{Origin, Package};
use super::{EnvironmentError, erofs};
use crate::config::Config;
use crate::error::AtPath;
use crate::event::{Event, Observer, Unit};
use progress::{Moved, Progress};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
pub(super) use witness::{Seen, Witness};

/// The suite of every Debian environment, by code name: `stable` moves.
const SUITE: &str = "bookworm";

/// Debian's own image of that suite, for hosts that cannot install packages themselves.
pub(super) const IMAGE: &str = "docker.io/library/debian:12";

const OS_RELEASE: &str = "usr/lib/os-release";
const DPKG_STATUS: &str = "var/lib/dpkg/status";
const SOURCES_LIST: &str = "etc/apt/sources.list";

/// An image that was built, still in the build's directory.
#[derive(Debug)]
pub(super) struct Built {
    /// The image file.
    pub(super) image: PathBuf,
    /// Entries in it.
    pub(super) entries: u64,
    /// SHA-256 of the tar stream.
    pub(super) tar_digest: String,
    /// Where it came from.
    pub(super) origin: Origin,
}

/// Whether the host has what [`build`] needs.
pub(super) fn check_host(config: &Config) -> Result<(), EnvironmentError> {
    requirements::find_mmdebstrap(config).map(drop)
}

/// The sources.list(5) entries that this host's own settings lead to; none where apt has to choose.
pub(super) fn sources(config: &Config) -> Result<Vec<String>, EnvironmentError> {
    sources::choose(config)
}

/// Builds the image of `recipe`.
pub(super) fn build(
    config: &Config,
    recipe: &Recipe,
    building: &Building,
    observer: Observer<'_>,
) -> Result<Built, EnvironmentError> {
    let mmdebstrap = requirements::find_mmdebstrap(config)?;
    let sources = sources::choose(config)?;
    let settings = building.file("apt.conf");
    std::fs::write(&settings, apt_settings::of_host(config)).at("write", &settings)?;
    let command =
        mmdebstrap::command(config, &mmdebstrap, recipe, &sources, &settings, building.scratch());
    let image = building.file("image.erofs");
    let mut progress = Progress::default();
    let (entries, seen) = tool::stream(
        config,
        "mmdebstrap",
        &command,
        tool::SILENCE,
        &mut |line| report(progress.line(line).as_ref(), recipe, observer),
        |tar| write_image(tar, &image, recipe, observer),
    )?;
    let origin = check(&seen, version(config, &mmdebstrap)?, progress.mode)?;
    Ok(Built { image, entries, tar_digest: seen.digest, origin })
}

fn write_image(
    tar: &mut dyn Read,
    image: &Path,
    recipe: &Recipe,
    observer: Observer<'_>,
) -> Result<(u64, Seen), EnvironmentError> {
    let file = File::options().read(true).write(true).create_new(true).open(image);
    let file = file.at("create", image)?;
    let mut witness = Witness::of(tar, &[OS_RELEASE, DPKG_STATUS, SOURCES_LIST]);
    let what = format!("writing the image of {}", recipe.name);
    let mut advanced = |done| {
        observer(Event::Advanced { what: what.clone(), done, total: None, unit: Unit::Bytes });
    };
    let limits = erofs::Limits::default();
    let summary = erofs::write_from_tar(&mut witness, &file, &limits, &mut advanced)?;
    let seen = witness.finish().at("read the tar stream for", image)?;
    Ok((summary.entries, seen))
}

/// Makes sure that the stream held what was ordered, and says where it came from.
fn check(seen: &Seen, tool: String, mode: Option<String>) -> Result<Origin, EnvironmentError> {
    os_release::verify(&seen.text(OS_RELEASE))?;
    Ok(Origin::DebianArchive {
        suite: SUITE.to_owned(),
        sources: entries_of(&seen.text(SOURCES_LIST)),
        tool,
        mode: mode.unwrap_or_else(|| "unknown".to_owned()),
        packages: packages::installed(&seen.text(DPKG_STATUS))?,
    })
}

/// Watches the root of a system for what says which it is.
pub(super) fn witness<R: Read>(tar: R) -> Witness<R> {
    Witness::of(tar, &[OS_RELEASE, DPKG_STATUS])
}

/// The packages of a system that was ordered by a name of the catalog.
///
/// # Errors
/// When it is another release, or lacks a package of the recipe.
pub(super) fn ordered(seen: &Seen, recipe: &Recipe) -> Result<Vec<Package>, EnvironmentError> {
    os_release::verify(&seen.text(OS_RELEASE))?;
    let packages = packages::installed(&seen.text(DPKG_STATUS))?;
    let has = |name: &&str| packages.iter().any(|package| package.name == **name);
    match recipe.packages.iter().find(|name| !has(name)) {
        Some(name) => Err(EnvironmentError::WrongSystem { reason: format!("it has no {name}") }),
        None => Ok(packages),
    }
}

/// The packages of any system; none where it has no dpkg.
pub(super) fn found(seen: &Seen) -> Vec<Package> {
    packages::found(&seen.text(DPKG_STATUS))
}

/// The lines of a sources.list(5) that name a repository.
fn entries_of(sources_list: &str) -> Vec<String> {
    sources_list.lines().filter(|line| line.starts_with("deb ")).map(str::to_owned).collect()
}

/// `mmdebstrap 1.3.5`.
fn version(config: &Config, mmdebstrap: &Path) -> Result<String, EnvironmentError> {
    let text = tool::output(config, Command::new(mmdebstrap).arg("--version"))?;
    Ok(text.lines().next().unwrap_or_default().chars().take(80).collect())
}

fn report(moved: Option<&Moved>, recipe: &Recipe, observer: Observer<'_>) {
    let (verb, done, total) = match moved {
        Some(&Moved::Fetched(done, total)) => ("fetching the packages", done, total),
        Some(&Moved::Installed(done, total)) => ("installing the packages", done, total),
        Some(Moved::Packing) | None => return,
    };
    let what = format!("{verb} of {}", recipe.name);
    observer(Event::Advanced { what, done, total: Some(total), unit: Unit::Items });
}
