//! How registries of container images are reached: the logins that Docker and Podman keep for this
//! user, and the few things that differ from host to host.

use super::{ConfigError, ImagePattern, env_var};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Settings for registries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registries {
    /// Files in the format of Docker's `config.json` that may hold logins, the first that has one counts.
    pub logins: Vec<PathBuf>,
    /// Registries (`host` or `host:port`) that speak plain HTTP. Those of this host may always.
    pub plain_http: Vec<String>,
    /// The images that a model may name beside those of public registries, and for which it has the user's
    /// logins; `None` where whoever names images is the human, who may name all.
    pub allowed_images: Option<Vec<ImagePattern>>,
    /// Longer than this without a byte, and a registry is taken for dead.
    pub patience: Duration,
    /// How long is waited before the second attempt; each further pause is twice as long.
    pub first_pause: Duration,
}

/// As for every other download.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(500);

impl Registries {
    /// Reads the settings through `lookup`. The files are those of containers-auth.json(5), in its order,
    /// then Docker's own.
    pub(super) fn from_lookup(
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let path = |name: &str| lookup(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let below = |name: &str, file: &str| path(name).map(|directory| directory.join(file));
        let logins = [
            path("REGISTRY_AUTH_FILE"),
            below("XDG_RUNTIME_DIR", "containers/auth.json"),
            below("XDG_CONFIG_HOME", "containers/auth.json")
                .or_else(|| below("HOME", ".config/containers/auth.json")),
            below("DOCKER_CONFIG", "config.json").or_else(|| below("HOME", ".docker/config.json")),
        ];
        let plain = lookup(env_var::PYRO_PLAIN_HTTP).unwrap_or_default();
        Ok(Self {
            logins: logins.into_iter().flatten().collect(),
            plain_http: hosts(&plain.to_string_lossy())?,
            allowed_images: None,
            patience: PATIENCE,
            first_pause: FIRST_PAUSE,
        })
    }
}

fn hosts(list: &str) -> Result<Vec<String>, ConfigError> {
    let hosts = list.split(',').map(str::trim).filter(|host| !host.is_empty());
    hosts
        .map(|host| match host.contains(['/', '@', ' ']) {
            false => Ok(host.to_owned()),
            true => Err(ConfigError::BadValue {
                name: env_var::PYRO_PLAIN_HTTP,
                value: host.to_owned(),
                allowed: "host, host:port, with commas between them",
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<Registries, ConfigError> {
        Registries::from_lookup(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn logins_are_looked_for_where_podman_and_docker_keep_them() {
        let found = with(&[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r")]).unwrap().logins;
        let expected = [
            "/r/containers/auth.json",
            "/h/.config/containers/auth.json",
            "/h/.docker/config.json",
        ];
        assert_eq!(found, expected.map(PathBuf::from));
        let found = with(&[("HOME", "/h"), ("DOCKER_CONFIG", "/d"), ("REGISTRY_AUTH_FILE", "/a")]);
        let expected = ["/a", "/h/.config/containers/auth.json", "/d/config.json"];
        assert_eq!(found.unwrap().logins, expected.map(PathBuf::from));
    }

    #[test]
    fn registries_with_plain_http_are_hosts() {
        let found = with(&[("PYRO_PLAIN_HTTP", "a.example, b:5000,")]).unwrap();
        assert_eq!(found.plain_http, ["a.example", "b:5000"]);
        let error = with(&[("PYRO_PLAIN_HTTP", "http://a.example")]).unwrap_err().to_string();
        assert!(error.contains("PYRO_PLAIN_HTTP"), "{error}");
    }
}
