//! The JSON documents of an image: index, manifest, configuration, in OCI's and Docker's dress. Sources:
//! image-spec 1.1 (`image-index.md`, `manifest.md`, `config.md`) and Docker's manifest schema 2, which
//! differ in media types alone. What a registry sends is judged here before anything is done with it;
//! nothing is fetched.

use super::OciError;
use crate::digest;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What `Accept` says, in the order in which servers look at it.
pub(super) const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// Bytes of a manifest or index. Registries take 4 MiB (distribution-spec 1.1, "Pushing Manifests").
pub(super) const MAX_MANIFEST: u64 = 4 << 20;
/// What `artifactType` says of an environment of pyro's own, root image and kernel (see `artifact`).
pub(in crate::environment) const ENVIRONMENT: &str = "application/vnd.pyro.environment.v1";
/// The configuration of one, and its two layers in their order.
pub(in crate::environment) const ENVIRONMENT_CONFIG: &str =
    "application/vnd.pyro.environment.config.v1+json";
pub(in crate::environment) const ENVIRONMENT_ROOT: &str =
    "application/vnd.pyro.environment.root.v1.erofs+zstd";
pub(in crate::environment) const ENVIRONMENT_KERNEL: &str =
    "application/vnd.pyro.environment.kernel.v1.tar+zstd";

/// Bytes of a configuration: mostly history, some tens of KiB.
pub(super) const MAX_CONFIG: u64 = 8 << 20;
/// Layers of one image; Docker makes 127 at most.
const MAX_LAYERS: usize = 512;
/// Bytes of one layer as it is sent.
const MAX_LAYER: u64 = 64 << 30;
/// Bytes of all environment variables: half of what one command may bring (`ARG_MAX` is 128 KiB a piece).
pub(in crate::environment) const MAX_ENV: usize = 64 << 10;
/// Bytes of a user or a directory.
const MAX_WORD: usize = 4095;

/// The platform of every guest, in the words of Go.
const PLATFORM: (&str, &str) = ("linux", "amd64");

/// A reference to bytes by their digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256, hexadecimal.
    pub digest: String,
    /// Bytes.
    pub size: u64,
    /// What they are.
    pub media_type: String,
}

/// What a reference leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Document {
    /// A choice of manifests; this one is for guests.
    Index(Blob),
    /// One image.
    Manifest(Manifest),
    /// An environment of pyro's own: its layers are the root image and the kernel.
    Environment(Manifest),
}

/// One image.
#[derive(Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The configuration.
    pub config: Blob,
    /// Bottom first.
    pub layers: Vec<Blob>,
}

/// What an image says about itself.
#[derive(Debug, PartialEq, Eq)]
pub struct ImageConfig {
    /// SHA-256 of each layer, unpacked, bottom first.
    pub diff_ids: Vec<String>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// The directory to start in, absolute.
    pub working_directory: Option<PathBuf>,
    /// The user to run as.
    pub user: Option<String>,
}

impl Document {
    /// Reads an index or a manifest.
    ///
    /// # Errors
    /// [`OciError`] for what is neither, or not for guests.
    pub fn parse(bytes: &[u8]) -> Result<Self, OciError> {
        let raw: RawDocument = parse(bytes, "manifest")?;
        match raw {
            RawDocument { schema_version: 1, .. } => {
                Err(bad("manifest", "it is in Docker's schema 1, which nobody has made since 2017"))
            }
            RawDocument { manifests: Some(manifests), .. } => {
                Ok(Self::Index(for_guests(&manifests)?))
            }
            RawDocument { config: Some(config), layers: Some(layers), artifact_type, .. } => {
                if artifact_type.as_deref() == Some(ENVIRONMENT) {
                    return Ok(Self::Environment(environment(&config, &layers)?));
                }
                Ok(Self::Manifest(manifest(&config, &layers)?))
            }
            _ => Err(bad("manifest", "it is neither an image nor an index of images")),
        }
    }
}

impl ImageConfig {
    /// Reads the configuration of an image with so many layers.
    ///
    /// # Errors
    /// [`OciError`] for what is none, or another image's.
    pub fn parse(bytes: &[u8], layers: usize) -> Result<Self, OciError> {
        let raw: RawConfig = parse(bytes, "configuration")?;
        let platform = (raw.os.as_str(), raw.architecture.as_str());
        if platform != PLATFORM {
            return Err(OciError::WrongPlatform {
                found: vec![format!("{}/{}", raw.os, raw.architecture)],
            });
        }
        let diff_ids = raw.rootfs.diff_ids;
        if diff_ids.len() != layers {
            let what = format!("it describes {} layers, the manifest has {layers}", diff_ids.len());
            return Err(bad("configuration", what));
        }
        let diff_ids =
            diff_ids.iter().map(|text| sha256(text, "configuration")).collect::<Result<_, _>>()?;
        let settings = raw.config.unwrap_or_default();
        let word = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (directory, user) = (word(settings.working_dir), word(settings.user));
        if [&directory, &user].iter().any(|word| word.as_ref().is_some_and(|word| !is_word(word))) {
            return Err(bad("configuration", "its user or working directory cannot be one"));
        }
        Ok(Self {
            diff_ids,
            env: variables(settings.env.unwrap_or_default())?,
            // relative to the root, as container engines have it
            working_directory: directory.map(|directory| PathBuf::from("/").join(directory)),
            user,
        })
    }
}

/// Whether a text can be a user or a directory.
pub(in crate::environment) fn is_word(word: &str) -> bool {
    word.len() <= MAX_WORD && !word.contains('\0')
}

/// The last of a name counts; what has no `=` or no name is no variable.
fn variables(env: Vec<String>) -> Result<Vec<(String, String)>, OciError> {
    if env.iter().map(String::len).sum::<usize>() > MAX_ENV {
        return Err(bad("configuration", format!("its environment has more than {MAX_ENV} bytes")));
    }
    let mut variables = BTreeMap::new();
    for text in env {
        if let Some((name, value)) = text.split_once('=')
            && !name.is_empty()
            && !text.contains('\0')
        {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(variables.into_iter().collect())
}

/// An image as `docker save` describes it (`manifest.json` at the top of its archive).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SavedImage {
    /// Paths within the archive, layers bottom first.
    pub(super) config: String,
    pub(super) layers: Vec<String>,
    /// The first of its names.
    pub(super) name: Option<String>,
}

impl SavedImage {
    /// Reads the description of an archive with one image.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, OciError> {
        let saved: Vec<RawSaved> = parse(bytes, "manifest")?;
        let Ok([saved]) = <[RawSaved; 1]>::try_from(saved) else {
            return Err(bad("manifest", "the archive does not have exactly one image"));
        };
        if saved.layers.len() > MAX_LAYERS {
            return Err(bad("manifest", format!("it has more than {MAX_LAYERS} layers")));
        }
        let name = saved.repo_tags.unwrap_or_default().into_iter().next();
        Ok(Self { config: saved.config, layers: saved.layers, name })
    }
}

/// The manifest for guests; of several variants of the CPU the first, which is the most general by
/// convention. One that is alone need not say what it is for.
fn for_guests(manifests: &[RawDescriptor]) -> Result<Blob, OciError> {
    if let [RawDescriptor { platform: None, .. }] = manifests {
        return blob(&manifests[0], MAX_MANIFEST);
    }
    let platform =
        |m: &RawDescriptor| m.platform.as_ref().map(|p| (p.os.clone(), p.architecture.clone()));
    let fits = |m: &&RawDescriptor| {
        platform(m).is_some_and(|(os, architecture)| (&*os, &*architecture) == PLATFORM)
    };
    match manifests.iter().find(fits) {
        Some(manifest) => blob(manifest, MAX_MANIFEST),
        None => {
            let mut found: Vec<_> = manifests.iter().filter_map(platform).collect();
            found.retain(|(os, _)| os != "unknown"); // attestations beside the images
            found.sort();
            found.dedup();
            found.truncate(20);
            let named = found.iter().map(|(os, architecture)| format!("{os}/{architecture}"));
            Err(OciError::WrongPlatform { found: named.collect() })
        }
    }
}

fn manifest(config: &RawDescriptor, layers: &[RawDescriptor]) -> Result<Manifest, OciError> {
    if !is_config(&config.media_type) {
        return Err(OciError::NotAnImage {
            media_type: config.media_type.chars().take(100).collect(),
        });
    }
    if layers.len() > MAX_LAYERS {
        return Err(bad("manifest", format!("it has more than {MAX_LAYERS} layers")));
    }
    for layer in layers {
        if !is_layer(&layer.media_type) {
            return Err(OciError::NotAnImage {
                media_type: layer.media_type.chars().take(100).collect(),
            });
        }
    }
    Ok(Manifest {
        config: blob(config, MAX_CONFIG)?,
        layers: layers.iter().map(|layer| blob(layer, MAX_LAYER)).collect::<Result<_, _>>()?,
    })
}

fn environment(config: &RawDescriptor, layers: &[RawDescriptor]) -> Result<Manifest, OciError> {
    let kinds: Vec<&str> = layers.iter().map(|layer| &*layer.media_type).collect();
    if config.media_type != ENVIRONMENT_CONFIG || kinds != [ENVIRONMENT_ROOT, ENVIRONMENT_KERNEL] {
        return Err(bad("manifest", "it is no environment that this version of pyro knows"));
    }
    Ok(Manifest {
        config: blob(config, MAX_CONFIG)?,
        layers: layers.iter().map(|layer| blob(layer, MAX_LAYER)).collect::<Result<_, _>>()?,
    })
}

fn is_config(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json"
    )
}

/// A file system's layer, in whatever compression: how it is compressed is seen in its first bytes.
fn is_layer(media_type: &str) -> bool {
    let ends = ["+gzip", "+zstd", ".gzip", ".zstd"];
    let kind = ends.iter().find_map(|end| media_type.strip_suffix(end)).unwrap_or(media_type);
    matches!(
        kind,
        "application/vnd.oci.image.layer.v1.tar" | "application/vnd.docker.image.rootfs.diff.tar"
    )
}

fn blob(raw: &RawDescriptor, max: u64) -> Result<Blob, OciError> {
    let digest = sha256(&raw.digest, "manifest")?;
    if raw.size > max {
        return Err(bad("manifest", format!("sha256:{digest} has more than {} MiB", max >> 20)));
    }
    Ok(Blob { digest, size: raw.size, media_type: raw.media_type.clone() })
}

/// The hexadecimal digits of a digest.
fn sha256(text: &str, document: &'static str) -> Result<String, OciError> {
    match text.strip_prefix("sha256:").filter(|digits| digest::is_digest(digits)) {
        Some(digits) => Ok(digits.to_owned()),
        None => {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
            Err(bad(document, format!("{shown:?} is no SHA-256")))
        }
    }
}

fn parse<'b, T: Deserialize<'b>>(bytes: &'b [u8], document: &'static str) -> Result<T, OciError> {
    serde_json::from_slice(bytes).map_err(|error| bad(document, error.to_string()))
}

pub(in crate::environment) fn bad(document: &'static str, what: impl Into<String>) -> OciError {
    OciError::BadDocument { document, what: what.into() }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDocument {
    #[serde(default)]
    schema_version: u32,
    artifact_type: Option<String>,
    manifests: Option<Vec<RawDescriptor>>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    size: u64,
    platform: Option<RawPlatform>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawSaved {
    config: String,
    layers: Vec<String>,
    repo_tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct RawPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    config: Option<RawSettings>,
    rootfs: RawRootfs,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawSettings {
    env: Option<Vec<String>>,
    working_dir: Option<String>,
    user: Option<String>,
}

#[derive(Deserialize)]
struct RawRootfs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;
    use serde_json::{Value, json};

    fn digest(byte: u8) -> String {
        format!("sha256:{}", hex::encode([byte; 32]))
    }

    fn descriptor(media_type: &str, byte: u8) -> Value {
        json!({ "mediaType": media_type, "digest": digest(byte), "size": 7 })
    }

    const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

    fn document(value: &Value) -> Result<Document, OciError> {
        Document::parse(value.to_string().as_bytes())
    }

    fn code(value: &Value) -> &'static str {
        document(value).unwrap_err().code()
    }

    #[test]
    fn of_an_index_the_guests_platform_is_taken() {
        let on = |os: &str, architecture: &str, byte| {
            let mut descriptor = descriptor("", byte);
            descriptor["platform"] = json!({ "os": os, "architecture": architecture });
            descriptor
        };
        let index = json!({ "schemaVersion": 2, "manifests": [
            on("unknown", "unknown", 1), on("linux", "arm64", 2), on("linux", "amd64", 3)
        ] });
        let Document::Index(chosen) = document(&index).unwrap() else { panic!("no index") };
        assert_eq!(chosen.digest, hex::encode([3; 32]));
        let arm = json!({ "schemaVersion": 2, "manifests": [
            on("linux", "arm64", 2), on("unknown", "unknown", 1), on("windows", "amd64", 2)
        ] });
        let error = document(&arm).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the image is not for linux/amd64 but for linux/arm64, windows/amd64"
        );
    }

    #[test]
    fn a_manifest_of_something_else_than_an_image_is_told_apart() {
        let manifest = |config: &str, layer: &str| json!({ "schemaVersion": 2, "config": descriptor(config, 1), "layers": [descriptor(layer, 2)] });
        for layer in [
            LAYER,
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
        ] {
            assert!(
                matches!(document(&manifest(CONFIG, layer)), Ok(Document::Manifest(_))),
                "{layer}"
            );
        }
        let chart = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
        assert_eq!(
            code(&manifest("application/vnd.cncf.helm.config.v1+json", chart)),
            "not_an_image"
        );
        assert_eq!(code(&manifest(CONFIG, chart)), "not_an_image");
        let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        assert_eq!(code(&manifest(CONFIG, foreign)), "not_an_image");
    }

    #[test]
    fn nonsense_is_refused() {
        let layers: Vec<_> = (0..=MAX_LAYERS).map(|_| descriptor(LAYER, 2)).collect();
        let mut climbing = descriptor(LAYER, 1);
        climbing["digest"] = json!("sha256:../../../../etc/passwd");
        let mut endless = descriptor(LAYER, 1);
        endless["size"] = json!(u64::MAX);
        for value in [
            json!({}),
            json!([]),
            json!({ "schemaVersion": 1, "fsLayers": [] }),
            json!({ "schemaVersion": 2, "config": descriptor(CONFIG, 1), "layers": layers }),
            json!({ "schemaVersion": 2, "config": descriptor(CONFIG, 1), "layers": [climbing] }),
            json!({ "schemaVersion": 2, "config": descriptor(CONFIG, 1), "layers": [endless] }),
        ] {
            assert_eq!(code(&value), "bad_image", "{value:.80}");
        }
    }

    fn config(settings: &Value) -> Result<ImageConfig, OciError> {
        let value = json!({
            "os": "linux", "architecture": "amd64", "config": settings,
            "rootfs": { "type": "layers", "diff_ids": [digest(1)] },
        });
        ImageConfig::parse(value.to_string().as_bytes(), 1)
    }

    #[test]
    fn what_an_image_sets_is_read_and_what_it_leaves_empty_is_nothing() {
        let set = config(&json!({
            "Env": ["PATH=/a:/b", "X=1", "X=2", "odd", "=y"], "WorkingDir": "srv", "User": "app:app"
        }));
        let set = set.unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(set.env, [pair("PATH", "/a:/b"), pair("X", "2")]);
        assert_eq!(set.working_directory, Some("/srv".into()));
        assert_eq!(set.user.as_deref(), Some("app:app"));
        for settings in
            [json!(null), json!({}), json!({ "Env": null, "WorkingDir": "", "User": "" })]
        {
            let empty = config(&settings).unwrap();
            assert_eq!((empty.env, empty.working_directory, empty.user), (vec![], None, None));
        }
    }

    #[test]
    fn a_configuration_of_another_image_or_platform_is_refused() {
        assert!(config(&json!({ "User": "a\0b" })).is_err());
        assert!(config(&json!({ "Env": [format!("A={}", "x".repeat(MAX_ENV))] })).is_err());
        let other = json!({ "os": "linux", "architecture": "arm64", "rootfs": { "diff_ids": [] } });
        let error = ImageConfig::parse(other.to_string().as_bytes(), 0).unwrap_err();
        assert_eq!(error.code(), "wrong_platform");
        let amd64 = json!({ "os": "linux", "architecture": "amd64", "rootfs": { "diff_ids": [] } });
        assert_eq!(
            ImageConfig::parse(amd64.to_string().as_bytes(), 1).unwrap_err().code(),
            "bad_image"
        );
    }
}
