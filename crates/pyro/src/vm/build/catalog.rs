//! The catalog without mmdebstrap: Debian's official image, and the packages of the catalog's recipe
//! installed in a machine.

use super::{BuildError, Machine, Order, Recipe, make};
use crate::config::Config;
use crate::environment::{Environments, catalog};
use crate::error::Result;
use crate::event::Observer;
use crate::network::AllowList;
use crate::vm::prepare;

/// Makes an environment of the catalog; `anew` even where the same was made before.
///
/// # Errors
/// [`BuildError::Catalog`] where the image cannot be had, or whatever keeps the machine from its work.
pub(in crate::vm) fn build(
    config: &Config,
    recipe: &'static catalog::Recipe,
    anew: bool,
    observer: Observer<'_>,
) -> Result<()> {
    let environments = Environments::new(config.clone());
    let image = environments.debian_image();
    let failed = |error| BuildError::of_the_catalog(recipe.name, &image, &error);
    let base = prepare::pull(config, &image, observer).map_err(failed)?;
    let machine = Machine::default();
    let wanted = Recipe {
        from: base.name.clone(),
        packages: recipe.packages.iter().map(|&name| name.to_owned()).collect(),
        network: Some(AllowList::default()),
        ..Recipe::default()
    };
    let order = Order { name: recipe.name, recipe: None, wanted: &wanted, anew };
    make(config, &order, &base, &machine, observer)?;
    Ok(())
}
