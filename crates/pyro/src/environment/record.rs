//! The records of the cache: which image and kernel an environment is, and where every byte of them
//! came from. Plain JSON with a format number; a record that does not read back whole counts as
//! absent and is reported, never guessed at.

use super::oci::{Blob, ImageConfig};
use crate::digest;
use crate::error::{AtPath, PathError};
use crate::fetch::shown;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The format that this version writes and reads.
pub(super) const FORMAT: u32 = 1;
/// More than any record needs (a thousand packages are about 80 KB); a longer file is corrupt.
const MAX_BYTES: u64 = 4 << 20;

/// `environments/<name>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentRecord {
    /// Format of this record.
    pub format: u32,
    /// The environment's name.
    pub name: String,
    /// Version of the recipe it was made by.
    pub version: String,
    /// Its root image.
    pub image: ImageRecord,
    /// Which kernel of the cache it boots: the name of a directory in `kernels/`.
    pub kernel: String,
    /// Where the image came from.
    pub origin: Origin,
    /// What commands start with where nothing else is said.
    #[serde(default)]
    pub settings: Settings,
    /// Sources that were asked before and did not have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<String>,
    /// When it was made, Unix seconds.
    pub created_at: u64,
}

/// What an image says about the commands that run in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<(String, String)>,
    /// The directory to start in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<PathBuf>,
    /// The user to run as: `name`, `name:group`, `uid` or `uid:gid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl Settings {
    /// Those of an image.
    pub(super) fn of(config: &ImageConfig) -> Self {
        Self {
            env: config.env.clone(),
            working_directory: config.working_directory.clone(),
            user: config.user.clone(),
        }
    }
}

/// A root image of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// SHA-256 of the image file.
    pub digest: String,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// File system entries in it.
    pub entries: u64,
    /// SHA-256 of the tar stream that it was written from; of an image of layers these are in its origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tar_digest: Option<String>,
}

/// Where an image came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// Built from packages of the Debian archive.
    DebianArchive {
        /// The archive's suite.
        suite: String,
        /// The one-line sources that the packages came from.
        sources: Vec<String>,
        /// The tool that installed them, with its version.
        tool: String,
        /// The tool's way to be root: `root`, `unshare` or `fakechroot`.
        mode: String,
        /// Every installed package.
        packages: Vec<Package>,
    },
    /// The layers of a container image.
    Image {
        /// What it is called in its registry.
        reference: String,
        /// SHA-256 of the index that led to the manifest, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index_digest: Option<String>,
        /// SHA-256 of the manifest.
        manifest_digest: String,
        /// SHA-256 of the configuration.
        config_digest: String,
        /// Bottom first.
        layers: Vec<LayerRecord>,
    },
    /// A file or a directory of the user's: a container image, or a root file system.
    Import {
        /// Where it lay.
        path: PathBuf,
        /// SHA-256 of the manifest, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest_digest: Option<String>,
        /// SHA-256 of the configuration, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        config_digest: Option<String>,
        /// Bottom first; none of a root file system.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        layers: Vec<LayerRecord>,
    },
    /// Made in a machine: another environment, and what a recipe did to it.
    Recipe {
        /// Where the recipe lay; `catalog` for those of pyro's own.
        recipe: String,
        /// SHA-256 of everything that the result depends on: the base, the recipe, the files it names.
        recipe_digest: String,
        /// What the machine had booted from.
        base: BaseRecord,
        /// Every installed Debian package; none where the base is not Debian's.
        packages: Vec<Package>,
        /// What the recipe says about the environment.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        labels: BTreeMap<String, String>,
    },
    /// An artifact of pyro's own, which somebody made of an installed environment. Its kernel came with it.
    Artifact {
        /// `registry:` and a reference, or `file:` and a path.
        from: String,
        /// SHA-256 of the index that led to the manifest, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index_digest: Option<String>,
        /// SHA-256 of the manifest.
        manifest_digest: String,
        /// SHA-256 of the configuration.
        config_digest: String,
        /// Root image and kernel.
        layers: Vec<LayerRecord>,
        /// What the environment was called where the artifact was made.
        name: String,
        /// Its version there.
        version: String,
        /// Where it came from, as whoever made the artifact says.
        origin: Box<Origin>,
    },
}

/// The environment that another one was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseRecord {
    /// Its name in full.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its root image.
    pub image_digest: String,
}

impl LayerRecord {
    /// Those of a manifest, with what the configuration says about them.
    pub(super) fn of(layers: &[Blob], diff_ids: &[String]) -> Vec<Self> {
        let record = |(layer, diff_id): (&Blob, &String)| Self {
            digest: layer.digest.clone(),
            diff_id: diff_id.clone(),
            media_type: layer.media_type.clone(),
            size_bytes: layer.size,
        };
        layers.iter().zip(diff_ids).map(record).collect()
    }
}

/// One layer of a container image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// SHA-256 of the layer as it was sent.
    pub digest: String,
    /// SHA-256 of the tar stream in it.
    pub diff_id: String,
    /// What the manifest calls it.
    pub media_type: String,
    /// Its length as it was sent.
    pub size_bytes: u64,
}

impl Origin {
    /// One phrase for lists.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::DebianArchive { suite, .. } => format!("debian-archive:{suite}"),
            Self::Image { reference, .. } => format!("registry:{reference}"),
            Self::Import { path, .. } => format!("file:{}", path.display()),
            Self::Recipe { base, .. } => format!("recipe-on:{}", base.name),
            Self::Artifact { from, .. } => from.clone(),
        }
    }

    /// As it may be published: without the directories of this host, and without passwords in URLs.
    pub(super) fn for_strangers(&self) -> Self {
        let mut published = self.clone();
        match &mut published {
            Self::DebianArchive { sources, .. } => {
                for source in sources {
                    *source = source.split(' ').map(shown).collect::<Vec<_>>().join(" ");
                }
            }
            Self::Import { path, .. } => {
                *path = path.file_name().map(PathBuf::from).unwrap_or_default();
            }
            Self::Recipe { recipe, .. } => {
                *recipe = recipe.rsplit('/').next().unwrap_or_default().to_owned();
            }
            Self::Image { .. } | Self::Artifact { .. } => {}
        }
        published
    }
}

/// One installed Debian package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture: `amd64` or `all`.
    pub architecture: String,
}

/// `kernels/<id>.json`, beside the directory `kernels/<id>/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelRecord {
    /// Format of this record.
    pub format: u32,
    /// The name of its directory.
    pub id: String,
    /// The Debian package.
    pub package: String,
    /// The package's version.
    pub package_version: String,
    /// Where apt fetched it from.
    pub uri: String,
    /// SHA-256 of the package, as the signed index has it and as it was checked.
    pub package_digest: String,
    /// SHA-256 of the unpacked `vmlinux`.
    pub digest: String,
    /// The artifact that brought it, from which the four above are only repeated; none where pyro fetched the
    /// package itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// When it was unpacked, Unix seconds.
    pub created_at: u64,
}

/// What reading a record found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored<T> {
    /// No such record.
    Absent,
    /// There is one, but it cannot be used.
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A record that can be used.
    Whole(T),
}

impl<T> Stored<T> {
    /// The record, where there is a usable one.
    pub fn whole(self) -> Option<T> {
        match self {
            Self::Whole(record) => Some(record),
            Self::Absent | Self::Corrupt { .. } => None,
        }
    }
}

/// What makes a record usable beyond being JSON of the right shape.
pub(super) trait Record: DeserializeOwned {
    /// Says what is wrong, or nothing.
    fn fault(&self) -> Option<&'static str>;
}

impl Record for EnvironmentRecord {
    fn fault(&self) -> Option<&'static str> {
        if self.format != FORMAT {
            Some("its format is another version's")
        } else if !digest::is_digest(&self.image.digest) {
            Some("the image digest is no SHA-256")
        } else if !is_kernel_id(&self.kernel) {
            Some("the kernel's name is no file name")
        } else {
            None
        }
    }
}

impl Record for KernelRecord {
    fn fault(&self) -> Option<&'static str> {
        if self.format != FORMAT {
            Some("its format is another version's")
        } else if !is_kernel_id(&self.id) {
            Some("the kernel's name is no file name")
        } else {
            None
        }
    }
}

/// Whether `id` is safe as a file name: the characters of Debian package names and versions
/// (Debian Policy 5.6.1 and 5.6.12) without `:`, not beginning with a dot.
pub(super) fn is_kernel_id(id: &str) -> bool {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b".+~_-".contains(&b);
    !id.is_empty() && id.len() <= 200 && !id.starts_with('.') && id.bytes().all(safe)
}

/// Reads the record at `path`.
///
/// # Errors
/// Only where the file is there and cannot be read; nonsense in it is [`Stored::Corrupt`].
pub(super) fn read<T: Record>(path: &Path) -> Result<Stored<T>, PathError> {
    let mut bytes = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(MAX_BYTES + 1).read_to_end(&mut bytes).at("read", path)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Stored::Absent),
        Err(error) => return Err(error).at("open", path),
    };
    let corrupt = |reason: String| Ok(Stored::Corrupt { path: path.to_owned(), reason });
    if bytes.len() as u64 > MAX_BYTES {
        return corrupt("it is too long".into());
    }
    match serde_json::from_slice::<T>(&bytes) {
        Err(error) => corrupt(error.to_string()),
        Ok(record) => match record.fault() {
            Some(fault) => corrupt(fault.into()),
            None => Ok(Stored::Whole(record)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> EnvironmentRecord {
        EnvironmentRecord {
            format: FORMAT,
            name: "debian:12".into(),
            version: "1".into(),
            image: ImageRecord {
                digest: "ab".repeat(32),
                size_bytes: 1,
                entries: 1,
                tar_digest: Some("cd".repeat(32)),
            },
            kernel: "linux-image-6.1.0-1-amd64_6.1.1-1~deb12u1".into(),
            origin: Origin::DebianArchive {
                suite: "bookworm".into(),
                sources: vec!["deb http://mirror.example/debian bookworm main".into()],
                tool: "mmdebstrap 1.3.5".into(),
                mode: "root".into(),
                packages: Vec::new(),
            },
            settings: Settings::default(),
            passed_over: Vec::new(),
            created_at: 7,
        }
    }

    fn stored(text: &str) -> Stored<EnvironmentRecord> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("debian:12.json");
        std::fs::write(&path, text).unwrap();
        read(&path).unwrap()
    }

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&record()).unwrap();
        assert_eq!(stored(&text), Stored::Whole(record()));
    }

    #[test]
    fn strangers_learn_no_directory_and_no_password_of_this_host() {
        let base = BaseRecord {
            name: "debian:12".into(),
            version: "1".into(),
            image_digest: String::new(),
        };
        let recipe = |recipe: &str| Origin::Recipe {
            recipe: recipe.into(),
            recipe_digest: String::new(),
            base: base.clone(),
            packages: Vec::new(),
            labels: BTreeMap::new(),
        };
        assert_eq!(recipe("/home/me/tool/recipe.toml").for_strangers(), recipe("recipe.toml"));
        assert_eq!(recipe("catalog").for_strangers(), recipe("catalog"));
        let import = |path: &str| Origin::Import {
            path: path.into(),
            manifest_digest: None,
            config_digest: None,
            layers: Vec::new(),
        };
        assert_eq!(import("/home/me/tool.tar").for_strangers(), import("tool.tar"));
        let debian = |source: &str| Origin::DebianArchive {
            suite: "bookworm".into(),
            sources: vec![source.into()],
            tool: String::new(),
            mode: String::new(),
            packages: Vec::new(),
        };
        let published = debian("deb http://me:secret@mirror.example/debian bookworm main");
        let expected = debian("deb http://mirror.example/debian bookworm main");
        assert_eq!(published.for_strangers(), expected);
    }

    #[test]
    fn a_torn_foreign_or_malicious_record_is_corrupt() {
        let text = serde_json::to_string(&record()).unwrap();
        let torn = &text[..text.len() / 2];
        let newer = text.replace("\"format\":1", "\"format\":2");
        let escaping = text.replace("linux-image-6.1.0-1", "../../linux-image");
        let digest = text.replace(&"ab".repeat(32), "../../../etc/passwd");
        let endless = " ".repeat(5 << 20);
        for text in ["", torn, &newer, &escaping, &digest, &endless] {
            assert!(matches!(stored(text), Stored::Corrupt { .. }), "{text:.80}");
        }
    }

    #[test]
    fn no_file_is_no_record() {
        let nowhere = Path::new("/nonexistent/debian:12.json");
        assert_eq!(read::<EnvironmentRecord>(nowhere).unwrap(), Stored::Absent);
    }
}
