//! The configuration of an artifact: what its parts are when they are unpacked, and where they came from. As
//! bounded as it is small, and judged whole before anything of it is used.

use super::super::kernel::{Kernel, ModuleSets};
use super::super::oci::{MAX_ENV, OciError, bad, is_word};
use super::super::record::{EnvironmentRecord, ImageRecord, KernelRecord, Origin, Settings};
use crate::digest::is_digest;
use crate::fetch::shown;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format that this version writes and reads.
const FORMAT: u32 = 1;
const ARCHITECTURE: &str = "amd64";
/// Bytes of a configuration; a thousand packages are about 80 KB.
const MAX_BYTES: usize = 2 << 20;
/// Bytes of one word in it: a source, a version, a package's name.
const MAX_WORD: usize = 4095;
/// Bytes of a root image, as for one that is written here.
const MAX_ROOT: u64 = 64 << 30;
/// Bytes of a kernel's archive: Debian's has 68 MB.
const MAX_KERNEL: u64 = 512 << 20;
/// Modules of a kernel: Debian's needs 17.
const MAX_MODULES: usize = 256;

/// What an artifact says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    format: u32,
    /// What the environment was called where the artifact was made.
    pub name: String,
    /// Its version there.
    pub version: String,
    architecture: String,
    /// The root image, unpacked.
    pub root: ImageRecord,
    /// The kernel.
    pub kernel: KernelDescription,
    /// Where the image came from.
    pub origin: Origin,
    /// What commands start with where nothing else is said.
    pub settings: Settings,
}

/// What an artifact says about its kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelDescription {
    /// As `uname -r` prints it.
    pub release: String,
    /// SHA-256 of the archive that holds it, unpacked.
    pub archive_digest: String,
    /// Length of that archive in bytes.
    pub archive_bytes: u64,
    /// SHA-256 of `vmlinux`.
    pub vmlinux_digest: String,
    /// File names of its modules, in load order.
    pub modules: Vec<String>,
    /// Which of them which task needs.
    pub sets: ModuleSets,
    /// The Debian package that it came from.
    pub package: String,
    /// The package's version.
    pub package_version: String,
    /// Where the package was fetched from.
    pub uri: String,
    /// SHA-256 of the package.
    pub package_digest: String,
}

impl Description {
    /// That of an installed environment, whose kernel is in an archive with this digest and length.
    pub(super) fn of(
        record: &EnvironmentRecord,
        kernel: &Kernel,
        kernel_record: &KernelRecord,
        (archive_digest, archive_bytes): (String, u64),
    ) -> Self {
        // what was pulled as an artifact goes on as the same artifact
        let (name, version, origin) = match &record.origin {
            Origin::Artifact { name, version, origin, .. } => (name, version, &**origin),
            origin => (&record.name, &record.version, origin),
        };
        let names = kernel.modules.iter().map(|module| Kernel::module_file_name(module));
        Self {
            format: FORMAT,
            name: name.clone(),
            version: version.clone(),
            architecture: ARCHITECTURE.to_owned(),
            root: record.image.clone(),
            kernel: KernelDescription {
                release: kernel.version.clone(),
                archive_digest,
                archive_bytes,
                vmlinux_digest: kernel_record.digest.clone(),
                modules: names.collect(),
                sets: kernel.sets.clone(),
                package: kernel_record.package.clone(),
                package_version: kernel_record.package_version.clone(),
                uri: shown(&kernel_record.uri),
                package_digest: kernel_record.package_digest.clone(),
            },
            origin: origin.for_strangers(),
            settings: record.settings.clone(),
        }
    }

    /// The configuration, which whoever reads it will accept.
    pub(super) fn text(&self) -> Result<Vec<u8>, OciError> {
        let text = serde_json::to_vec(self).map_err(|error| not_one(error.to_string()))?;
        Self::parse(&text)?;
        Ok(text)
    }

    /// Reads the configuration of an artifact.
    ///
    /// # Errors
    /// [`OciError`] for what is none, or one that cannot be true.
    pub fn parse(bytes: &[u8]) -> Result<Self, OciError> {
        if bytes.len() > MAX_BYTES {
            return Err(not_one(format!("it has more than {} MiB", MAX_BYTES >> 20)));
        }
        let value: Value = serde_json::from_slice(bytes).map_err(|e| not_one(e.to_string()))?;
        let is_plain = |(key, value): (&String, &Value)| key == "settings" || is_plain(value);
        if !value.as_object().is_some_and(|fields| fields.iter().all(is_plain)) {
            return Err(not_one("it has words that are too long or cannot be shown"));
        }
        let read: Self = serde_json::from_value(value).map_err(|e| not_one(e.to_string()))?;
        match read.fault() {
            None => Ok(read),
            Some(fault) => Err(not_one(fault)),
        }
    }

    /// SHA-256 of the two parts, unpacked.
    pub(in crate::environment) fn diff_ids(&self) -> [String; 2] {
        [self.root.digest.clone(), self.kernel.archive_digest.clone()]
    }

    /// Bytes of both parts, unpacked.
    pub(in crate::environment) fn bytes(&self) -> u64 {
        self.root.size_bytes + self.kernel.archive_bytes
    }

    fn fault(&self) -> Option<&'static str> {
        let Self { format, architecture, root, kernel, .. } = self;
        let digests = [&root.digest, &kernel.archive_digest, &kernel.vmlinux_digest];
        if *format != FORMAT {
            Some("its format is another version's")
        } else if architecture != ARCHITECTURE {
            Some("it is not for amd64")
        } else if !digests.into_iter().all(|digest| is_digest(digest)) {
            Some("a digest in it is no SHA-256")
        } else if root.size_bytes > MAX_ROOT || kernel.archive_bytes > MAX_KERNEL {
            Some("it is larger than environments are")
        } else if !kernel.is_consistent() {
            Some("its kernel cannot be one")
        } else if matches!(self.origin, Origin::Artifact { .. }) {
            Some("it came from nowhere")
        } else if !is_sound(&self.settings) {
            Some("its variables, user or working directory cannot be such")
        } else {
            None
        }
    }
}

impl KernelDescription {
    /// Whether its names are file names, each of them once, and its sets are made of its modules.
    fn is_consistent(&self) -> bool {
        let mut names: Vec<&String> = self.modules.iter().collect();
        names.sort();
        names.dedup();
        let sets = self.sets.by_name();
        let mut wanted = sets.iter().flat_map(|(_, names)| names.iter());
        names.len() == self.modules.len()
            && names.len() <= MAX_MODULES
            && names.iter().all(|name| is_module(name))
            && sets.iter().all(|(_, names)| names.len() <= MAX_MODULES)
            && wanted.all(|name| names.binary_search(&name).is_ok())
    }
}

/// The file name of a module: `ext4.ko`.
fn is_module(name: &str) -> bool {
    let is_safe = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    name.strip_suffix(".ko")
        .is_some_and(|stem| (1..=64).contains(&stem.len()) && stem.bytes().all(is_safe))
}

/// Whether every word in it is short and can be shown on a terminal.
fn is_plain(value: &Value) -> bool {
    let is_word = |text: &str| text.len() <= MAX_WORD && !text.chars().any(char::is_control);
    match value {
        Value::String(text) => is_word(text),
        Value::Array(values) => values.iter().all(is_plain),
        Value::Object(fields) => fields.iter().all(|(key, value)| is_word(key) && is_plain(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// The same rules as for container images.
fn is_sound(settings: &Settings) -> bool {
    let Settings { env, working_directory, user } = settings;
    let is_variable = |(name, value): &(String, String)| {
        !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0')
    };
    let directory = working_directory.as_ref().map(|directory| directory.to_string_lossy());
    env.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= MAX_ENV
        && env.iter().all(is_variable)
        && directory.is_none_or(|directory| directory.starts_with('/') && is_word(&directory))
        && user.as_ref().is_none_or(|user| is_word(user))
}

fn not_one(what: impl Into<String>) -> OciError {
    bad("configuration", what)
}
