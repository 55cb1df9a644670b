//! Secrets as a model names them. Only where the profile lets it: elsewhere they are the human's to give. What
//! does not fit is refused without being repeated.

use crate::Profile;
use crate::error::CallError;
use crate::sources::Sources;
use pyro::Error;
use pyro::hostfs::Target;
use pyro::secret::{Secret, SecretEnv, SecretError};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// One secret of a workspace that is to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct GivenSecret {
    name: String,
    /// Text.
    value: Option<String>,
    /// Or a file of the user's computer, named like seed_path.
    file_path: Option<String>,
}

/// The secrets of a workspace.
///
/// # Errors
/// If the profile lets no model give any, one has no source or two, or a file is refused.
pub(crate) async fn read(
    profile: Profile,
    sources: &Sources,
    given: Option<Value>,
) -> Result<Vec<Secret>, Error> {
    let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(Vec::new()) };
    permit(profile)?;
    let given: Vec<GivenSecret> =
        serde_json::from_value(given).map_err(|_| CallError::SecretsForm)?;
    let mut secrets = Vec::new();
    for GivenSecret { name, value, file_path } in given {
        secrets.push(match (value, file_path) {
            (Some(value), None) => Secret::literal(&name, &value)?,
            (None, Some(path)) => of_file(sources, &name, &path).await?,
            _ => return Err(CallError::SecretsForm.into()),
        });
    }
    Ok(secrets)
}

async fn of_file(sources: &Sources, name: &str, path: &str) -> Result<Secret, Error> {
    match sources.opened(path).await?.target {
        Target::File(file) => Ok(Secret::of_file(name, file, Path::new(path))?),
        Target::Directory(_) => Err(SecretError::NotAFile { path: path.into() }.into()),
    }
}

/// The secrets of a command's environment, from `{secret: ENV_VAR}`.
///
/// # Errors
/// If the profile lets no model name any, or a variable cannot be.
pub(crate) fn environment(
    profile: Profile,
    wanted: Option<BTreeMap<String, String>>,
) -> Result<Vec<SecretEnv>, Error> {
    let Some(wanted) = wanted else { return Ok(Vec::new()) };
    permit(profile)?;
    let wishes = wanted.iter().map(|(secret, variable)| SecretEnv::new(secret, variable));
    Ok(wishes.collect::<Result<_, _>>()?)
}

fn permit(profile: Profile) -> Result<(), CallError> {
    match profile {
        Profile::WorkspaceFull => Ok(()),
        Profile::VmRun | Profile::WorkspaceCore => Err(CallError::SecretsDenied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_of_another_profile_names_no_secret() {
        let wanted = || Some(BTreeMap::from([("TOKEN".to_owned(), "GH_TOKEN".to_owned())]));
        let wishes = environment(Profile::WorkspaceFull, wanted()).unwrap();
        assert_eq!(wishes, [SecretEnv::new("TOKEN", "GH_TOKEN").unwrap()]);
        let refused = environment(Profile::WorkspaceCore, wanted()).unwrap_err();
        assert_eq!(refused.code(), "secrets_denied");
        assert!(environment(Profile::WorkspaceCore, None).unwrap().is_empty());
    }
}
