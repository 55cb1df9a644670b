//! Whom the benches run as: a scenario's user, seen by the library too.

use pyro::Config;
use pyro::environment::{Environments, Installed};
use scenarios::{ENVIRONMENT, World};
use std::path::Path;

/// A home with `debian:12` prepared, for the command line and for the library.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) world: World,
    pub(crate) config: Config,
    pub(crate) installed: Installed,
}

impl User {
    pub(crate) fn new() -> Self {
        let world = World::new();
        let config = Config::from_lookup(scenarios::executable(), |name| {
            let below = |path: &Path| Some(path.as_os_str().to_owned());
            match name {
                "HOME" => below(world.home()),
                "XDG_CACHE_HOME" => below(world.cache().parent().unwrap()),
                "XDG_STATE_HOME" => below(&world.state()),
                "PATH" => std::env::var_os("PATH"),
                _ => None,
            }
        });
        let config = config.unwrap();
        let installed = Environments::new(config.clone()).installed(ENVIRONMENT).unwrap().unwrap();
        Self { world, config, installed }
    }
}
