//! Where an environment comes into being that a machine makes: who is at the same work, what was made
//! before, and the way of the machine's root into the cache. What the machine does is not known here.

mod image;
mod traces;

pub(crate) use traces::Traces;

use super::building::Building;
use super::cache::Cache;
use super::named::Named;
use super::record::{BaseRecord, EnvironmentRecord, ImageRecord, Origin, Package, Settings};
use super::{EnvironmentError, Environments, debian, installed, making, prune, space};
use crate::durable;
use crate::error::AtPath;
use crate::event::{self, Observer};
use crate::lock::Lock;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// Bytes to have free beside twice the base's image: what packages bring, seldom more than the
/// largest recipe of the catalog.
const SPACE: u64 = 768 << 20;

/// What decides an environment that a machine makes, its name apart.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Where the recipe lies, or `catalog`.
    pub(crate) recipe: String,
    /// SHA-256 of everything that the result depends on.
    pub(crate) recipe_digest: String,
    /// What the machine boots from.
    pub(crate) base: BaseRecord,
    /// What commands in the result start with.
    pub(crate) settings: Settings,
    /// What the recipe says about it.
    pub(crate) labels: BTreeMap<String, String>,
}

/// The site. What is on it and was not kept goes with it.
#[derive(Debug)]
pub(crate) struct Site {
    cache: Cache,
    building: Building,
    name: Named,
    _kept: Lock,
}

/// A root that came out of a machine, as an image in the cache.
#[derive(Debug)]
pub(crate) struct Root {
    image: ImageRecord,
    packages: Vec<Package>,
}

impl Environments {
    /// The full name that an environment of a recipe gets.
    ///
    /// # Errors
    /// For what is no name, and for one of the catalog or of certain bytes.
    pub(crate) fn name_to_give(&self, name: &str) -> Result<String, EnvironmentError> {
        Ok(Named::to_give(name)?.canonical())
    }

    /// Begins an environment called `name`, which may be one of the catalog.
    ///
    /// # Errors
    /// For an unusable name, or when the cache cannot be written.
    pub(crate) fn site(
        &self,
        name: &str,
        observer: Observer<'_>,
    ) -> Result<Site, EnvironmentError> {
        let name = Named::parse(name)?;
        self.cache.create()?;
        let kept = prune::hold(&self.cache, observer)?;
        let building = Building::begin(&self.cache, &self.config)?;
        Ok(Site { cache: self.cache.clone(), building, name, _kept: kept })
    }
}

impl Site {
    /// A place for a file that goes with the site.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.building.file(name)
    }

    /// Waits for whoever makes the same.
    ///
    /// # Errors
    /// When the lock cannot be taken.
    pub(crate) fn turn(
        &self,
        plan: &Plan,
        observer: Observer<'_>,
    ) -> Result<Lock, EnvironmentError> {
        let doing = format!("building {}", self.name.canonical());
        Ok(self.cache.lock(&format!("build-{}", plan.recipe_digest), &doing, observer)?)
    }

    /// Whether the same was made before, under this name or another; it then has this name too.
    ///
    /// # Errors
    /// When the cache cannot be read or written.
    pub(crate) fn has_made(
        &self,
        plan: &Plan,
        observer: Observer<'_>,
    ) -> Result<bool, EnvironmentError> {
        let is_it = |record: &EnvironmentRecord| {
            matches!(&record.origin, Origin::Recipe { recipe_digest, .. } if *recipe_digest == plan.recipe_digest)
                && installed::has_image(&self.cache, record)
        };
        if installed::image(&self.cache, &self.name)?.is_some_and(|record| is_it(&record)) {
            return Ok(true);
        }
        let Some(known) = self.cache.all_environments()?.into_iter().find(is_it) else {
            return Ok(false);
        };
        let Origin::Recipe { packages, .. } = known.origin else { return Ok(false) };
        self.keep(Root { image: known.image, packages }, plan, observer)?;
        Ok(true)
    }

    /// Makes sure that there is room for what comes of a base of so many bytes.
    ///
    /// # Errors
    /// [`EnvironmentError::NoSpace`].
    pub(crate) fn require_space(&self, base_bytes: u64) -> Result<(), EnvironmentError> {
        space::require(self.cache.root(), base_bytes.saturating_mul(2).saturating_add(SPACE))
    }

    /// Writes what a machine sends of its root, without `traces` of the machine itself.
    ///
    /// # Errors
    /// Where it breaks off or cannot be stored, and for the catalog where it is not what the name says.
    pub(crate) fn write(
        &self,
        tar: impl Read,
        traces: &Traces,
        observer: Observer<'_>,
    ) -> Result<Root, EnvironmentError> {
        let path = self.building.file("image.erofs");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
        let file = file.at("create", &path)?;
        let what = format!("writing the image of {}", self.name.canonical());
        event::step(observer, &what, || {
            let (entries, seen) = image::write(tar, &file, traces, &what, observer)?;
            let packages = match &self.name {
                Named::Recipe(recipe) => debian::ordered(&seen, recipe)?,
                Named::Image(_) => debian::found(&seen),
            };
            let image = making::keep(&self.cache, &path, entries, Some(seen.digest))?;
            Ok(Root { image, packages })
        })
    }

    /// From now on the name means this root.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub(crate) fn keep(
        &self,
        root: Root,
        plan: &Plan,
        observer: Observer<'_>,
    ) -> Result<(), EnvironmentError> {
        let version = match &self.name {
            Named::Recipe(recipe) => recipe.version.to_owned(),
            Named::Image(_) => format!("sha256:{}", plan.recipe_digest),
        };
        let origin = Origin::Recipe {
            recipe: plan.recipe.clone(),
            recipe_digest: plan.recipe_digest.clone(),
            base: plan.base.clone(),
            packages: root.packages,
            labels: plan.labels.clone(),
        };
        let (name, settings) = (self.name.canonical(), plan.settings.clone());
        let doing = format!("preparing {name}");
        let record = making::record(name, version, root.image, origin, settings);
        let _turn = self.cache.lock(&self.name.key(), &doing, observer)?;
        Ok(durable::write_json(&self.cache.environment_record(&self.name.key()), &record)?)
    }
}
