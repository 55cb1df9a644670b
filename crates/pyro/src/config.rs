//! Settings, and the name of every environment variable pyro reads. The library never looks at
//! the process environment by itself: a front end hands [`Config::from_lookup`] a lookup function.

mod image_pattern;
mod registries;

pub use image_pattern::{BadImagePattern, ImagePattern};
pub use registries::Registries;

use crate::paths::Paths;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Every environment variable that pyro reads, with what it does.
pub mod env_var {
    /// One directory for cache, state and data, instead of the three XDG ones.
    pub const PYRO_HOME: &str = "PYRO_HOME";
    /// How long an expired workspace is kept before it is deleted, in seconds.
    pub const PYRO_KEEP_EXPIRED_SECONDS: &str = "PYRO_KEEP_EXPIRED_SECONDS";
    /// The backend to use: `auto`, `firecracker`, `qemu`, `qemu-kvm`, `qemu-tcg`, `process`.
    pub const PYRO_BACKEND: &str = "PYRO_BACKEND";
    /// Refuse anything weaker: `hardware-vm` or `emulated-vm`.
    pub const PYRO_REQUIRE_ISOLATION: &str = "PYRO_REQUIRE_ISOLATION";
    /// Path of an ELF `vmlinux` with its modules beside it in `modules/`, used instead of the distribution's.
    pub const PYRO_KERNEL: &str = "PYRO_KERNEL";
    /// Path of the QEMU program, instead of `qemu-system-x86_64` on `PATH`.
    pub const PYRO_QEMU: &str = "PYRO_QEMU";
    /// Path of the Firecracker program, instead of the one that pyro installed or `PATH` has.
    pub const PYRO_FIRECRACKER: &str = "PYRO_FIRECRACKER";
    /// Mirror of the Debian archive, instead of the host's own.
    pub const PYRO_DEBIAN_MIRROR: &str = "PYRO_DEBIAN_MIRROR";
    /// The container image that `debian:12` and the like are made of in a machine, instead of by mmdebstrap.
    pub const PYRO_DEBIAN_IMAGE: &str = "PYRO_DEBIAN_IMAGE";
    /// A place in a registry (`registry.example/pyro`) that is asked for the environments of the catalog before they
    /// are built.
    pub const PYRO_REGISTRY: &str = "PYRO_REGISTRY";
    /// Registries of container images that speak plain HTTP, with commas between them.
    pub const PYRO_PLAIN_HTTP: &str = "PYRO_PLAIN_HTTP";
    /// Certificate authorities that guests trust beside their image's: `host`, or a file's absolute path.
    pub const PYRO_CA_BUNDLE: &str = "PYRO_CA_BUNDLE";
    /// The host's own trust store, where it is not where the distribution has it; other programs read it
    /// too.
    pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
}

/// Why a variable cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable has a value outside its list.
    #[error("{name}={value:?} is not one of {allowed}")]
    BadValue {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        allowed: &'static str,
    },
    /// There is no place to keep anything.
    #[error("neither PYRO_HOME nor HOME is set to an absolute path")]
    NoHome,
}

impl crate::error::Diagnose for ConfigError {
    fn kind(&self) -> crate::error::Kind {
        crate::error::Kind::Usage
    }
    fn code(&self) -> &'static str {
        match self {
            Self::BadValue { .. } => "bad_setting",
            Self::NoHome => "no_home",
        }
    }
    fn hints(&self) -> Vec<String> {
        match self {
            Self::BadValue { name, allowed, .. } => {
                vec![format!("unset {name}, or use one of {allowed}")]
            }
            Self::NoHome => vec!["set PYRO_HOME to a directory of yours".into()],
        }
    }
}

/// Which backend the human wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BackendChoice {
    /// The best that works here.
    #[default]
    Auto,
    /// Firecracker on KVM, or nothing.
    Firecracker,
    /// QEMU, with KVM where that works.
    Qemu,
    /// QEMU on KVM, or nothing.
    QemuKvm,
    /// QEMU with software emulation.
    QemuTcg,
    /// No machine: the host itself, where the caller allows it (`--allow-host-compat`).
    Process,
}

/// The names of [`BackendChoice::named`].
pub const BACKENDS: &str = "auto, firecracker, qemu, qemu-kvm, qemu-tcg, process";

impl BackendChoice {
    /// What `name` means, if it means anything; nothing is said by the empty one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "" | "auto" => Self::Auto,
            "firecracker" => Self::Firecracker,
            "qemu" => Self::Qemu,
            "qemu-kvm" => Self::QemuKvm,
            "qemu-tcg" => Self::QemuTcg,
            "process" => Self::Process,
            _ => return None,
        })
    }
}

/// Where certificate authorities come from that guests trust beside their image's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaSource {
    /// The host's own trust store.
    Host,
    /// A file of PEM certificates.
    File(PathBuf),
}

impl CaSource {
    /// What people call it by: `host`, or a path, which may begin at `here`.
    #[must_use]
    pub fn named(name: OsString, here: &Path) -> Self {
        if name == "host" { Self::Host } else { Self::File(here.join(PathBuf::from(name))) }
    }
}

impl std::fmt::Display for CaSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How strongly a guest is kept apart from the host, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// No virtual machine: an ordinary process on the host.
    None,
    /// A virtual machine on emulated CPUs; the process jail is the wall.
    EmulatedVm,
    /// A virtual machine on hardware virtualisation.
    HardwareVm,
}

impl std::fmt::Display for Isolation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::EmulatedVm => "emulated-vm",
            Self::HardwareVm => "hardware-vm",
        })
    }
}

/// What the library needs to know about this host and this user.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where things are kept.
    pub paths: Paths,
    /// The `pyro` executable: it is also the shim, the jail launcher and the guest's agent.
    pub executable: PathBuf,
    /// Directories to look for programs in.
    pub search_path: Vec<PathBuf>,
    /// Which backend to use.
    pub backend: BackendChoice,
    /// Refuse anything weaker than this.
    pub require_isolation: Option<Isolation>,
    /// A kernel of the user's own.
    pub kernel: Option<PathBuf>,
    /// A QEMU of the user's own.
    pub qemu: Option<PathBuf>,
    /// A Firecracker of the user's own.
    pub firecracker: Option<PathBuf>,
    /// A Debian mirror of the user's own.
    pub debian_mirror: Option<String>,
    /// The image that machines make the catalog of, where the user has named one.
    pub debian_image: Option<String>,
    /// Certificate authorities that guests trust beside their image's.
    pub ca_bundle: Option<CaSource>,
    /// The host's own trust store, where the user has named it.
    pub ssl_cert_file: Option<PathBuf>,
    /// Proxy settings (`http_proxy`, …), for whatever is fetched.
    pub proxies: Vec<(String, OsString)>,
    /// How registries of container images are reached.
    pub registries: Registries,
    /// How long a guest may take to answer, in its first boot and in its second and last.
    pub boot_deadlines: [Duration; 2],
    /// How many vms that were created may be started at a time, by all processes together.
    pub max_active_vms: usize,
    /// How long an expired workspace is kept, with its disk, before it is deleted.
    pub expired_kept_for: Duration,
}

/// [`Config::max_active_vms`], unless a program sets another.
pub const MAX_ACTIVE_VMS: usize = 4;

/// An emulated boot takes about a second; with eight at once on two cores it took four. A guest
/// whose clock went wrong never answers.
/// [`Config::expired_kept_for`], unless the user sets another.
pub const EXPIRED_KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
const BOOT_DEADLINES: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(60)];

const PROXY_VARIABLES: [&str; 8] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
];

impl Config {
    /// Reads the settings through `lookup`; `executable` is the path of the `pyro` program.
    ///
    /// # Errors
    /// [`ConfigError`] when a variable cannot be understood.
    pub fn from_lookup(
        executable: PathBuf,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let path = |name: &str| lookup(name).map(PathBuf::from).filter(|p| p.is_absolute());
        let text = |name: &str| lookup(name).map(|v| v.to_string_lossy().into_owned());
        let paths = match (path(env_var::PYRO_HOME), path("HOME")) {
            (Some(home), _) => Paths::below(&home),
            (None, Some(home)) => Paths::new(
                path("XDG_CACHE_HOME").unwrap_or_else(|| home.join(".cache")).join("pyro"),
                path("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")).join("pyro"),
                path("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("pyro"),
            ),
            (None, None) => return Err(ConfigError::NoHome),
        };
        Ok(Self {
            paths,
            executable,
            search_path: search_path(lookup("PATH")),
            backend: backend(text(env_var::PYRO_BACKEND).as_deref())?,
            require_isolation: isolation(text(env_var::PYRO_REQUIRE_ISOLATION).as_deref())?,
            kernel: path(env_var::PYRO_KERNEL),
            qemu: path(env_var::PYRO_QEMU),
            firecracker: path(env_var::PYRO_FIRECRACKER),
            debian_mirror: text(env_var::PYRO_DEBIAN_MIRROR).filter(|v| !v.is_empty()),
            debian_image: text(env_var::PYRO_DEBIAN_IMAGE).filter(|v| !v.is_empty()),
            ca_bundle: ca_bundle(lookup(env_var::PYRO_CA_BUNDLE))?,
            ssl_cert_file: path(env_var::SSL_CERT_FILE),
            proxies: PROXY_VARIABLES
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), lookup(name)?)))
                .collect(),
            registries: Registries::from_lookup(&lookup)?,
            boot_deadlines: BOOT_DEADLINES,
            max_active_vms: MAX_ACTIVE_VMS,
            expired_kept_for: expired_kept_for(
                text(env_var::PYRO_KEEP_EXPIRED_SECONDS).as_deref(),
            )?,
        })
    }

    /// The first file named `program` in the search path, followed by the system's own directories
    /// (`/usr/sbin` and the like are not in an ordinary user's `PATH`).
    #[must_use]
    pub fn find_program(&self, program: &str) -> Option<PathBuf> {
        self.search_path.iter().map(|dir| dir.join(program)).find(|file| is_executable(file))
    }
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

fn search_path(path: Option<OsString>) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> =
        std::env::split_paths(&path.unwrap_or_default()).filter(|dir| dir.is_absolute()).collect();
    for system in ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"] {
        if !dirs.iter().any(|d| d.as_os_str() == system) {
            dirs.push(system.into());
        }
    }
    dirs
}

fn backend(value: Option<&str>) -> Result<BackendChoice, ConfigError> {
    let name = value.unwrap_or_default();
    BackendChoice::named(name).ok_or_else(|| ConfigError::BadValue {
        name: env_var::PYRO_BACKEND,
        value: name.to_owned(),
        allowed: BACKENDS,
    })
}

fn ca_bundle(value: Option<OsString>) -> Result<Option<CaSource>, ConfigError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    match CaSource::named(value, Path::new("")) {
        CaSource::File(path) if !path.is_absolute() => Err(ConfigError::BadValue {
            name: env_var::PYRO_CA_BUNDLE,
            value: path.display().to_string(),
            allowed: "host, an absolute path",
        }),
        source => Ok(Some(source)),
    }
}

fn expired_kept_for(value: Option<&str>) -> Result<Duration, ConfigError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(EXPIRED_KEPT_FOR) };
    value.parse().map(Duration::from_secs).map_err(|_| ConfigError::BadValue {
        name: env_var::PYRO_KEEP_EXPIRED_SECONDS,
        value: value.to_owned(),
        allowed: "a number of seconds",
    })
}

fn isolation(value: Option<&str>) -> Result<Option<Isolation>, ConfigError> {
    Ok(match value {
        None | Some("" | "none") => None,
        Some("emulated-vm") => Some(Isolation::EmulatedVm),
        Some("hardware-vm") => Some(Isolation::HardwareVm),
        Some(other) => {
            return Err(ConfigError::BadValue {
                name: env_var::PYRO_REQUIRE_ISOLATION,
                value: other.to_owned(),
                allowed: "hardware-vm, emulated-vm, none",
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_lookup("/usr/bin/pyro".into(), |name| {
            vars.iter().find(|(n, _)| *n == name).map(|(_, v)| OsString::from(v))
        })
    }

    #[test]
    fn pyro_home_wins_over_xdg() {
        let config =
            with(&[("PYRO_HOME", "/p"), ("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]).unwrap();
        assert_eq!(config.paths, Paths::below("/p".as_ref()));
        let config = with(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]).unwrap();
        assert_eq!(config.paths.cache(), Path::new("/c/pyro"));
        assert_eq!(config.paths.machines(), PathBuf::from("/h/.local/state/pyro/machines"));
    }

    #[test]
    fn a_wrong_setting_names_the_variable_and_its_values() {
        let error = with(&[("HOME", "/h"), ("PYRO_BACKEND", "xen")]).unwrap_err();
        assert!(error.to_string().contains("PYRO_BACKEND"));
        assert!(matches!(with(&[("HOME", "relative")]), Err(ConfigError::NoHome)));
    }
}
