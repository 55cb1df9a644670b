//! What can go wrong between a name and an installed environment, and what to do about it.

use super::catalog;
use super::oci::OciError;
use super::{erofs::ErofsError, initramfs::InitramfsError, kernel::KernelError};
use crate::config::env_var;
use crate::error::{Diagnose, Kind, PathError};
use std::path::PathBuf;

/// Errors of environments.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// No environment can have this name.
    #[error("there is no environment called {name:?}, and it is no image either: {reason}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// Why it is no reference to an image.
        reason: &'static str,
    },
    /// The disk is too full to begin.
    #[error(
        "not enough free space in {}: {} MiB needed, {} MiB free",
        directory.display(), need_bytes >> 20, have_bytes >> 20
    )]
    NoSpace {
        /// Where.
        directory: PathBuf,
        /// Bytes needed.
        need_bytes: u64,
        /// Bytes free to this user.
        have_bytes: u64,
    },
    /// Programs that the host lacks.
    #[error("this host lacks {} to build Debian environments", lacking.join(" and "))]
    MissingTools {
        /// What is missing.
        lacking: Vec<String>,
        /// The Debian packages that bring it.
        packages: Vec<String>,
    },
    /// No kernel for guests, and no way to one.
    #[error("there is no kernel for guests here, and no apt-get to fetch Debian's")]
    NoKernel,
    /// The mirror setting cannot be used.
    #[error("the Debian mirror {mirror:?} cannot be used: {reason}")]
    BadMirror {
        /// The setting, without any password in it.
        mirror: String,
        /// Why not.
        reason: &'static str,
    },
    /// A host program ended with an error.
    #[error("{program} failed ({status}): {}", last_lines.join("; "))]
    ToolFailed {
        /// Which program.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        last_lines: Vec<String>,
    },
    /// A host program neither said nor wrote anything for too long.
    #[error("{program} was stopped after {seconds} s without a sign of life: {}", last_lines.join("; "))]
    ToolSilent {
        /// Which program.
        program: String,
        /// For how long.
        seconds: u64,
        /// The end of what it said.
        last_lines: Vec<String>,
    },
    /// The small agent beside the executable belongs to another version.
    #[error("{} is not {expected}", program.display())]
    WrongAgent {
        /// The program.
        program: PathBuf,
        /// What it should have said it is.
        expected: String,
    },
    /// What was built is not what was ordered.
    #[error("the built system is not Debian 12: {reason}")]
    WrongSystem {
        /// What does not fit.
        reason: String,
    },
    /// A host program answered something that pyro does not understand.
    #[error("{program} gave an answer that pyro does not understand: {reason}")]
    BadAnswer {
        /// Which program.
        program: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Downloaded bytes are not those that the signed index names.
    #[error("{} has the SHA-256 {found} instead of {expected}", file.display())]
    DigestMismatch {
        /// The file.
        file: PathBuf,
        /// What the index says.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// What a machine pins cannot be read, so nothing can safely be removed.
    #[error("cannot tell what the machine at {} uses: {reason}", machine.display())]
    PinsUnreadable {
        /// The machine's directory.
        machine: PathBuf,
        /// Why.
        reason: String,
    },
    /// An image cannot be given a name of the catalog.
    #[error("{name} is a name of the catalog")]
    OfTheCatalog {
        /// The name.
        name: &'static str,
    },
    /// Only environments of the catalog are made by name alone.
    #[error("{name} is no name of the catalog")]
    NotOfTheCatalog {
        /// The name.
        name: String,
    },
    /// An image cannot be given a name that is a digest.
    #[error("{name} is the name of certain bytes in a registry, and no name to give")]
    FixedName {
        /// The name.
        name: String,
    },
    /// What is imported has no name.
    #[error("{} does not say what it is called", source_path.display())]
    Nameless {
        /// The file or directory.
        source_path: PathBuf,
    },
    /// There is no such environment here.
    #[error("{name} is not here")]
    NotHere {
        /// Its name in full.
        name: String,
    },
    /// A place in a registry cannot be pushed to.
    #[error("{name:?} is no place in a registry to push to: {reason}")]
    BadReference {
        /// What was asked for.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An environment without a kernel of its own cannot go anywhere.
    #[error("{name} has no kernel of its own yet")]
    KernelNotHere {
        /// Its name in full.
        name: String,
    },
    /// An environment of the catalog is here, and another one would take its place.
    #[error("{} holds another {name} than the one that is here", source_path.display())]
    Replaces {
        /// The file or directory.
        source_path: PathBuf,
        /// The name of the catalog.
        name: String,
    },
    /// A file holds an environment of the catalog in another version than this one's.
    #[error("{} holds {name} in version {version}, which is not this pyro's", source_path.display())]
    OtherVersion {
        /// The file or directory.
        source_path: PathBuf,
        /// The name of the catalog.
        name: String,
        /// The version in the file.
        version: String,
    },
    /// What is here of an environment is not fit to go anywhere.
    #[error("cannot pack {name}")]
    Unpackable {
        /// Its name in full.
        name: String,
        /// What is wrong with it.
        #[source]
        source: OciError,
    },
    /// A registry does not get an environment.
    #[error("cannot push {name} to {reference}")]
    Push {
        /// The environment's name in full.
        name: String,
        /// The reference in full.
        reference: String,
        /// Why not.
        #[source]
        source: Box<OciError>,
    },
    /// An image cannot be used.
    #[error("cannot get the image {image}")]
    Image {
        /// Its reference in full, or the file that holds it.
        image: String,
        /// Why not.
        #[source]
        source: OciError,
    },
    /// A host file or directory refused.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Reading the tar stream or writing the image failed.
    #[error(transparent)]
    Erofs(#[from] ErofsError),
    /// The kernel cannot be unpacked or loaded.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The initramfs cannot be written.
    #[error(transparent)]
    Initramfs(#[from] InitramfsError),
}

impl Diagnose for EnvironmentError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } | Self::NotHere { .. } | Self::NotOfTheCatalog { .. } => {
                Kind::NotFound
            }
            Self::BadMirror { .. }
            | Self::OfTheCatalog { .. }
            | Self::FixedName { .. }
            | Self::BadReference { .. }
            | Self::Replaces { .. }
            | Self::OtherVersion { .. }
            | Self::Nameless { .. } => Kind::Usage,
            Self::ToolSilent { .. } => Kind::Timeout,
            Self::NoSpace { .. }
            | Self::MissingTools { .. }
            | Self::NoKernel
            | Self::ToolFailed { .. }
            | Self::WrongSystem { .. }
            | Self::WrongAgent { .. }
            | Self::BadAnswer { .. }
            | Self::DigestMismatch { .. }
            | Self::KernelNotHere { .. }
            | Self::PinsUnreadable { .. } => Kind::Host,
            Self::Unpackable { .. } => Kind::Host,
            Self::Image { source, .. } => source.kind(),
            Self::Push { source, .. } => source.kind(),
            Self::Path(error) => error.kind(),
            Self::Erofs(error) => error.kind(),
            Self::Kernel(error) => error.kind(),
            Self::Initramfs(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } | Self::NotOfTheCatalog { .. } => "unknown_environment",
            Self::NoSpace { .. } => "no_space",
            Self::MissingTools { .. } => "missing_host_tools",
            Self::NoKernel => "no_kernel",
            Self::BadMirror { .. } => "bad_mirror",
            Self::ToolFailed { .. } => "host_tool_failed",
            Self::ToolSilent { .. } => "host_tool_silent",
            Self::WrongSystem { .. } => "wrong_system",
            Self::WrongAgent { .. } => "version_mismatch",
            Self::BadAnswer { .. } => "host_tool_answer",
            Self::DigestMismatch { .. } => "digest_mismatch",
            Self::PinsUnreadable { .. } => "pins_unreadable",
            Self::OfTheCatalog { .. } | Self::FixedName { .. } => "bad_name",
            Self::Nameless { .. } => "nameless",
            Self::NotHere { .. } => "environment_not_here",
            Self::BadReference { .. } => "bad_reference",
            Self::KernelNotHere { .. } => "kernel_not_here",
            Self::Replaces { .. } => "replaces_environment",
            Self::OtherVersion { .. } => "wrong_version",
            Self::Unpackable { source, .. } | Self::Image { source, .. } => source.code(),
            Self::Push { source, .. } => source.code(),
            Self::Path(error) => error.code(),
            Self::Erofs(error) => error.code(),
            Self::Kernel(error) => error.code(),
            Self::Initramfs(error) => error.code(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let mirror = env_var::PYRO_DEBIAN_MIRROR;
        match self {
            Self::Unknown { .. } => {
                let names: Vec<_> = catalog::RECIPES.iter().map(|recipe| recipe.name).collect();
                vec![
                    format!("use one of {}", names.join(", ")),
                    "or any container image: alpine:3.20, ghcr.io/owner/name@sha256:…".into(),
                ]
            }
            Self::NotOfTheCatalog { .. } => {
                let names: Vec<_> = catalog::RECIPES.iter().map(|recipe| recipe.name).collect();
                vec![format!("use one of {}, or a recipe file", names.join(", "))]
            }
            Self::NoSpace { directory, .. } => vec![
                format!("free some space on the disk of {}", directory.display()),
                "`pyro env prune` removes what no environment and no machine uses".into(),
            ],
            Self::MissingTools { packages, .. } => {
                vec![format!("sudo apt-get install {}", packages.join(" "))]
            }
            Self::NoKernel => vec![
                format!("{} names an ELF vmlinux with its modules beside it", env_var::PYRO_KERNEL),
                "or install a kernel on this host: in /boot, with its modules in /lib/modules"
                    .into(),
            ],
            Self::BadMirror { .. } => {
                vec![format!("set {mirror} to a plain http or https URL of a Debian mirror")]
            }
            Self::ToolFailed { .. } | Self::ToolSilent { .. } => vec![
                "check that this host reaches its Debian mirror: `sudo apt-get update`".into(),
                format!("{mirror} names another mirror; http_proxy and https_proxy are passed on"),
            ],
            Self::WrongSystem { .. } | Self::DigestMismatch { .. } => {
                vec![format!("the mirror or a proxy serves wrong data: set {mirror} to another")]
            }
            Self::WrongAgent { .. } => {
                vec!["install pyro and pyro-agent from one build, or delete pyro-agent".into()]
            }
            Self::BadAnswer { .. } => Vec::new(),
            Self::PinsUnreadable { .. } => {
                vec!["delete that machine, then prune again".into()]
            }
            Self::OfTheCatalog { .. } | Self::FixedName { .. } | Self::Nameless { .. } => {
                vec!["name it yourself: --name localhost/tool:1".into()]
            }
            Self::NotHere { name } => vec![
                "`pyro env list` names what is here".into(),
                format!("`pyro env pull {name}` brings it"),
            ],
            Self::BadReference { .. } => {
                vec!["name registry, repository and tag: registry.example/team/tool:1".into()]
            }
            Self::KernelNotHere { name } => vec![format!(
                "`pyro env pull {name}` gets one, where {} is not set",
                env_var::PYRO_KERNEL
            )],
            Self::Replaces { name, .. } => vec![
                format!("--name {name} puts it into that place"),
                "--name localhost/tool:1 puts it beside".into(),
            ],
            Self::OtherVersion { .. } => {
                vec!["name it yourself: --name localhost/tool:1".into()]
            }
            Self::Unpackable { name, .. } => {
                vec![format!("`pyro env remove {name}`, then `pyro env pull {name}` makes it anew")]
            }
            Self::Image { source, .. } => source.hints(),
            Self::Push { source, .. } => source.hints(),
            Self::Path(error) => error.hints(),
            Self::Erofs(error) => error.hints(),
            Self::Kernel(error) => error.hints(),
            Self::Initramfs(error) => error.hints(),
        }
    }
}
