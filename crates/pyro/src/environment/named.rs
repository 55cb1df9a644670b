//! What a human means by the name of an environment: a recipe of the catalog, or an image of a registry.

use super::EnvironmentError;
use super::catalog::{self, Recipe};
use super::oci::Reference;
use crate::digest;

/// An environment that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// From the catalog, whose names go before those of images.
    Recipe(&'static Recipe),
    /// From a registry.
    Image(Reference),
}

impl Named {
    /// Understands what was typed.
    ///
    /// # Errors
    /// [`EnvironmentError::Unknown`].
    pub(super) fn parse(name: &str) -> Result<Self, EnvironmentError> {
        if let Some(recipe) = catalog::find(name) {
            return Ok(Self::Recipe(recipe));
        }
        match Reference::parse(name) {
            Ok(reference) => Ok(Self::Image(reference)),
            Err(reason) => Err(EnvironmentError::Unknown { name: name.to_owned(), reason }),
        }
    }

    /// A name for something that is made here: no name of the catalog, and none of certain bytes.
    ///
    /// # Errors
    /// [`EnvironmentError::OfTheCatalog`], [`EnvironmentError::FixedName`], or that there is no such name.
    pub(super) fn to_give(name: &str) -> Result<Self, EnvironmentError> {
        Self::parse(name)?.given()
    }

    /// The same of a name that has been read already.
    pub(super) fn given(self) -> Result<Self, EnvironmentError> {
        match self {
            Self::Recipe(recipe) => Err(EnvironmentError::OfTheCatalog { name: recipe.name }),
            Self::Image(reference) if reference.is_fixed() => {
                Err(EnvironmentError::FixedName { name: reference.to_string() })
            }
            named @ Self::Image(_) => Ok(named),
        }
    }

    /// What a record is about; `None` where nobody can ask for it any more, as for a recipe that has left the
    /// catalog.
    pub(super) fn of_record(name: &str) -> Option<Self> {
        Self::parse(name).ok().filter(|named| named.canonical() == name)
    }

    /// Its name in full, by which records know it.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::Recipe(recipe) => recipe.name.to_owned(),
            Self::Image(reference) => reference.to_string(),
        }
    }

    /// The name of its files in the cache.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Recipe(recipe) => recipe.name.to_owned(),
            // a reference has slashes, and may be longer than a file's name
            Self::Image(reference) => {
                format!("image-{}", digest::of_bytes(reference.to_string().as_bytes()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Diagnose, Kind};

    #[test]
    fn the_catalog_goes_before_docker_hub() {
        assert!(matches!(Named::parse("debian:12"), Ok(Named::Recipe(_))));
        let image = Named::parse("debian:11").unwrap();
        assert_eq!(image.canonical(), "docker.io/library/debian:11");
        assert!(image.key().starts_with("image-") && !image.key().contains(['/', ':']));
        let same = Named::parse("docker.io/debian:11").unwrap();
        assert_eq!(image.key(), same.key());
        assert_eq!(Named::of_record(&image.canonical()), Some(image));
        assert_eq!(Named::of_record("debian:11"), None);
    }

    #[test]
    fn what_is_no_name_is_answered_with_the_known_ones() {
        let error = Named::parse("Debian 12").unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::NotFound, "unknown_environment"));
        let hints = error.hints().join(" ");
        assert!(catalog::RECIPES.iter().all(|recipe| hints.contains(recipe.name)), "{hints}");
    }
}
