//! What can go wrong while a machine makes an environment, and what to do about it.

use super::recipe::RecipeError;
use crate::config::env_var;
use crate::error::{Diagnose, Error, Kind, Report};
use std::path::PathBuf;

/// Why no environment was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The recipe cannot be used.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The recipe has no name, and none was given.
    #[error("{} does not say what the environment is called", recipe.display())]
    Nameless {
        /// The recipe.
        recipe: PathBuf,
    },
    /// A file that the recipe names cannot go in.
    #[error("{} cannot go into the environment: {why}", source_path.display())]
    File {
        /// As the recipe names it.
        source_path: PathBuf,
        /// Why not.
        why: String,
    },
    /// A step failed in the machine.
    #[error("{step} failed with exit code {exit_code}{}", said(last_lines))]
    Step {
        /// What the machine had booted.
        base: String,
        /// Which.
        step: String,
        /// As a shell reports it.
        exit_code: i32,
        /// The end of what it said.
        last_lines: Vec<String>,
    },
    /// Packages are asked for, and the base has no apt.
    #[error("{base} has no apt-get, which `packages` needs")]
    NoApt {
        /// The base.
        base: String,
    },
    /// The base is another one than when its digest was noted.
    #[error("{base} was made anew meanwhile")]
    BaseMoved {
        /// The base.
        base: String,
    },
    /// Debian's image, from which a host without mmdebstrap makes the catalog, cannot be had.
    #[error("{name} cannot be made of {image} here")]
    Catalog {
        /// The environment.
        name: &'static str,
        /// The image.
        image: String,
        /// Why not.
        #[source]
        source: Report,
    },
}

fn said(last_lines: &[String]) -> String {
    match last_lines {
        [] => " and said nothing".to_owned(),
        lines => format!("; its last lines:\n{}", lines.join("\n")),
    }
}

impl BuildError {
    pub(super) fn of_the_catalog(name: &'static str, image: &str, error: &Error) -> Self {
        Self::Catalog { name, image: image.to_owned(), source: error.report() }
    }
}

impl Diagnose for BuildError {
    fn kind(&self) -> Kind {
        match self {
            Self::Recipe(error) => error.kind(),
            Self::Nameless { .. } | Self::File { .. } | Self::NoApt { .. } => Kind::Usage,
            Self::Step { .. } => Kind::Guest,
            Self::BaseMoved { .. } => Kind::Busy,
            Self::Catalog { .. } => Kind::Host,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Recipe(error) => error.code(),
            Self::Nameless { .. } => "nameless",
            Self::File { .. } => "bad_recipe_file",
            Self::Step { .. } => "build_step_failed",
            Self::NoApt { .. } => "no_apt",
            Self::BaseMoved { .. } => "base_moved",
            Self::Catalog { .. } => "catalog_not_made",
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Recipe(error) => error.hints(),
            Self::Nameless { .. } => {
                vec!["write name = \"acme/tool:1\" into it, or give --name".into()]
            }
            Self::File { .. } => vec![
                "files lie beneath the recipe's directory, and no symbolic link leads to them"
                    .into(),
            ],
            Self::Step { base, .. } => vec![format!(
                "nothing was changed; to look around, do the steps by hand: \
                 pyro workspace create {base} --network-policy egress"
            )],
            Self::NoApt { .. } => {
                vec!["install them with the base's own tool, in `run`: \"apk add git\"".into()]
            }
            Self::BaseMoved { .. } => vec!["build again".into()],
            Self::Catalog { source, .. } => {
                let image = env_var::PYRO_DEBIAN_IMAGE;
                let mut hints = source.hints.clone();
                hints.push(format!("{image} names the image in a registry that this host reaches"));
                hints.push("or let the host make it: sudo apt-get install mmdebstrap".into());
                hints
            }
        }
    }
}
