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
    /// Where the environments of the catalog are asked for before they are built: `registry.example/pyro` has
    /// `debian:12` as `registry.example/pyro/debian:12`.
    pub catalog: Option<String>,
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
            catalog: catalog(lookup(env_var::PYRO_REGISTRY))?,
            patience: PATIENCE,
            first_pause: FIRST_PAUSE,
        })
    }
}

impl Registries {
    /// Whether something came from the registry for the catalog; `from` is `registry:` and a reference.
    pub(crate) fn is_of_catalog(&self, from: &str) -> bool {
        let below = |registry: &String| {
            let rest = from.strip_prefix("registry:")?.strip_prefix(&**registry)?;
            rest.strip_prefix('/')
        };
        self.catalog.as_ref().and_then(below).is_some_and(|name| !name.contains('/'))
    }
}

/// Registry and path, as images are named; that the whole is one is seen when it is used.
fn catalog(value: Option<OsString>) -> Result<Option<String>, ConfigError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let text = value.to_string_lossy().trim_end_matches('/').to_owned();
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/:[]".contains(&b);
    let (host, path) = text.split_once('/').unwrap_or((&text, ""));
    let is_host = host == "localhost" || host.contains(['.', ':']);
    if is_host && !path.contains(':') && !text.contains("//") && text.bytes().all(is_plain) {
        return Ok(Some(text));
    }
    Err(ConfigError::BadValue {
        name: env_var::PYRO_REGISTRY,
        value: text,
        allowed: "registry.example, registry.example/path",
    })
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

    #[test]
    fn the_catalogs_registry_is_a_host_perhaps_with_a_path() {
        let catalog = |value: &str| with(&[("PYRO_REGISTRY", value)]).map(|found| found.catalog);
        for value in ["r.example", "r.example/a/b", "localhost:5000/a", "localhost/a", "[::1]:5/a"]
        {
            assert_eq!(catalog(value).unwrap().as_deref(), Some(value));
        }
        assert_eq!(catalog("r.example/a/").unwrap().as_deref(), Some("r.example/a"));
        assert_eq!(catalog("").unwrap(), None);
        for wrong in ["https://r.example", "team", "r.example/a:1", "a@r.example", "r.example/a b"]
        {
            let error = catalog(wrong).unwrap_err().to_string();
            assert!(error.contains("PYRO_REGISTRY"), "{error}");
        }
    }

    #[test]
    fn only_what_lies_right_below_the_catalogs_registry_is_of_the_catalog() {
        let registries = with(&[("PYRO_REGISTRY", "r.example/pyro")]).unwrap();
        assert!(registries.is_of_catalog("registry:r.example/pyro/debian:12"));
        for other in [
            "registry:r.example/pyroteam/debian:12",
            "registry:r.example/pyro/team/debian:12",
            "file:/r.example/pyro/debian:12",
        ] {
            assert!(!registries.is_of_catalog(other), "{other}");
        }
        assert!(!with(&[]).unwrap().is_of_catalog("registry:/debian:12"));
    }
}
