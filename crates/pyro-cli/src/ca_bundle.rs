//! `--ca-bundle`: which certificate authorities guests trust beside those of their image.

use crate::settings;
use pyro::config::CaSource;
use pyro::{Config, Result};
use std::ffi::OsString;
use std::path::Path;

/// The option, the same for every verb that makes machines.
#[derive(Debug, clap::Args)]
pub(crate) struct CaBundle {
    /// Certificate authorities that guests trust beside their image's: a file of PEM certificates, or
    /// 'host' for this host's own [default: $PYRO_CA_BUNDLE]
    #[arg(long, value_name = "FILE|host")]
    ca_bundle: Option<OsString>,
}

impl CaBundle {
    /// The settings with what the command line says instead of the environment.
    ///
    /// # Errors
    /// If a relative path begins nowhere.
    pub(crate) fn in_place_of_the_default(&self, config: Config) -> Result<Config> {
        let source = self.source(&settings::working_directory()?);
        Ok(Config { ca_bundle: source.or(config.ca_bundle), ..config })
    }

    /// What the command line says, with relative paths beginning `here`.
    pub(crate) fn source(&self, here: &Path) -> Option<CaSource> {
        Some(CaSource::named(self.ca_bundle.clone()?, here))
    }
}
