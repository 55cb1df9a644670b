//! The environments that pyro knows by name, as recipes for the Debian archive. Facts only: this
//! module builds nothing and knows nothing about what is installed.

/// Version of the list as a whole; it moves whenever a recipe is added, changed or removed.
pub const CATALOG_VERSION: &str = "1.0.0";

/// What an environment of the catalog is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recipe {
    /// The name users type: `debian:12`.
    pub name: &'static str,
    /// Moves when the recipe changes; an installed environment of another version is made anew.
    pub version: &'static str,
    /// One line for humans and models.
    pub description: &'static str,
    /// Debian packages on top of the essential ones and `apt`.
    pub packages: &'static [&'static str],
    /// Bytes to have free on the disks of the cache and of the scratch directory, which may be one:
    /// what a build was seen to use (unpacked tree, downloaded packages, image; 1.2 GB for the
    /// largest) and a quarter as much again.
    pub space_bytes: u64,
}

const MIB: u64 = 1 << 20;

/// Every recipe, in the order in which they are listed.
pub const RECIPES: &[Recipe] = &[
    Recipe {
        name: "debian:12",
        version: "1.0.0",
        description: "Debian 12 (bookworm) with git and CA certificates",
        packages: &["ca-certificates", "git"],
        space_bytes: 768 * MIB,
    },
    Recipe {
        name: "debian:12-base",
        version: "1.0.0",
        description: "Debian 12 (bookworm), minimal: apt and CA certificates",
        packages: &["ca-certificates"],
        space_bytes: 640 * MIB,
    },
    Recipe {
        name: "debian:12-build",
        version: "1.0.0",
        description: "Debian 12 (bookworm) with git and the C and C++ build tools",
        packages: &["build-essential", "ca-certificates", "git"],
        space_bytes: 1536 * MIB,
    },
];

/// The recipe called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Recipe> {
    RECIPES.iter().find(|recipe| recipe.name == name)
}
