//! Secrets as a program names them. Nothing that is wrong with one repeats its value.

use pyo3::prelude::*;
use pyro::error::Diagnose;
use pyro::secret::{Secret, SecretEnv, SecretError};
use pyro::{Error, Kind};
use std::collections::BTreeMap;

/// `types.GivenSecret` of the package.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct GivenSecret {
    name: String,
    #[pyo3(default)]
    value: Option<String>,
    #[pyo3(default)]
    file_path: Option<String>,
}

/// It has no source, or two.
#[derive(Debug, thiserror::Error)]
#[error("the secret {name:?} needs either a value or a file_path")]
struct BadSource {
    name: String,
}

impl Diagnose for BadSource {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
    fn code(&self) -> &'static str {
        "bad_secret"
    }
}

impl GivenSecret {
    pub(crate) fn read(&self) -> Result<Secret, Error> {
        let name = &self.name;
        match (&self.value, &self.file_path) {
            (Some(value), None) => Ok(Secret::literal(name, value)?),
            (None, Some(path)) => Ok(Secret::parse_file(&format!("{name}={path}"))?),
            _ => Err(BadSource { name: name.clone() }.into()),
        }
    }
}

/// The secrets of a command's environment, from `{secret: ENV_VAR}`.
pub(crate) fn environment(
    wishes: &BTreeMap<String, String>,
) -> Result<Vec<SecretEnv>, SecretError> {
    wishes.iter().map(|(secret, variable)| SecretEnv::new(secret, variable)).collect()
}
