//! The secrets of one workspace on the host: one file for its owner alone, beside the disk and never on it.

use super::error::SecretError;
use super::redact::Redactor;
use super::value::{Secret, SecretFacts, SourceKind, check_all};
use crate::durable;
use crate::error::AtPath;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The form of the file.
const VERSION: u32 = 1;

/// The secrets of a workspace, and what finds them. Cloning it copies no value.
#[derive(Debug, Clone, Default)]
pub struct Vault {
    secrets: Arc<[Secret]>,
    redactor: Redactor,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    secrets: Vec<KeptSecret>,
}

#[derive(Serialize, Deserialize)]
struct KeptSecret {
    name: String,
    source_kind: SourceKind,
    /// In Base64: it need not be text.
    value: String,
}

impl Vault {
    /// These secrets, kept nowhere.
    #[must_use]
    pub fn holding(secrets: Vec<Secret>) -> Self {
        Self { redactor: Redactor::new(&secrets), secrets: secrets.into() }
    }

    /// The secrets that are kept in a directory; none where none are.
    ///
    /// # Errors
    /// [`SecretError::Damaged`], or why the file cannot be read.
    pub fn open(directory: &Path) -> Result<Self, SecretError> {
        let path = kept_in(directory);
        let json = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            json => json.at("read", &path)?,
        };
        let damaged = || SecretError::Damaged { path: path.clone() };
        let kept: Kept = serde_json::from_slice(&json).map_err(|_| damaged())?;
        if kept.version != VERSION {
            return Err(damaged());
        }
        let secret = |kept: KeptSecret| {
            let KeptSecret { name, source_kind, value } = kept;
            let value = STANDARD.decode(value).map_err(|_| damaged())?;
            Ok(Secret { name, source_kind, value })
        };
        let secrets = kept.secrets.into_iter().map(secret).collect::<Result<_, SecretError>>()?;
        Ok(Self::holding(secrets))
    }

    /// As [`Vault::open`], where these secrets must be there.
    ///
    /// # Errors
    /// As [`Vault::open`], and [`SecretError::Damaged`] if one is missing.
    pub fn open_with(directory: &Path, wanted: &[SecretFacts]) -> Result<Self, SecretError> {
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let vault = Self::open(directory)?;
        if vault.facts() == wanted {
            return Ok(vault);
        }
        Err(SecretError::Damaged { path: kept_in(directory) })
    }

    /// Keeps secrets in a directory: durable when this returns, and before anything names them.
    ///
    /// # Errors
    /// If there are too many, or the disk is full.
    pub(crate) fn keep(secrets: &[Secret], directory: &Path) -> Result<(), SecretError> {
        if secrets.is_empty() {
            return Ok(());
        }
        let kept = |secret: &Secret| KeptSecret {
            name: secret.name.clone(),
            source_kind: secret.source_kind,
            value: STANDARD.encode(&secret.value),
        };
        let kept = Kept { version: VERSION, secrets: secrets.iter().map(kept).collect() };
        let path = kept_in(directory);
        let json = serde_json::to_vec(&kept).map_err(std::io::Error::from).at("write", &path)?;
        durable::write_filled(&path, |mut file, aside| {
            Ok(file.write_all(&json).at("write", aside)?)
        })
    }

    /// Refuses what no workspace can have.
    ///
    /// # Errors
    /// [`SecretError::Twice`], [`SecretError::TooMuch`].
    pub fn check_all(secrets: &[Secret]) -> Result<(), SecretError> {
        check_all(secrets)
    }

    /// Refuses a name and labels of the workspace that hold a secret: they are recorded and shown.
    ///
    /// # Errors
    /// [`SecretError::InTheOpen`].
    pub fn check_open<'t>(
        &self,
        name: Option<&'t String>,
        labels: impl IntoIterator<Item = (&'t String, &'t String)>,
    ) -> Result<(), SecretError> {
        let labels = labels.into_iter().flat_map(|(label, value)| [label, value]);
        let labels = labels.map(|text| ("label", text));
        for (what, text) in name.map(|name| ("name", name)).into_iter().chain(labels) {
            if self.redactor.finds(text.as_bytes()) {
                return Err(SecretError::InTheOpen { what });
            }
        }
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// All of them.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// What may be known about them.
    #[must_use]
    pub fn facts(&self) -> Vec<SecretFacts> {
        self.secrets.iter().map(Secret::facts).collect()
    }

    /// What finds their values, and takes them out of what is shown.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    pub(super) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.name == name)
    }
}

fn kept_in(directory: &Path) -> PathBuf {
    directory.join("secrets.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Diagnose;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_kept_is_for_its_owner_alone_and_comes_back_whole() {
        let home = tempfile::tempdir().unwrap();
        assert!(Vault::open(home.path()).unwrap().is_empty());
        let secrets = [
            Secret::literal("TOKEN", "värdet").unwrap(),
            Secret { name: "KEY".into(), source_kind: SourceKind::File, value: vec![0, 255, 10] },
        ];
        // what a kill has left does not lend it its mode
        fs::write(home.path().join("secrets.json.new"), "").unwrap();
        Vault::keep(&secrets, home.path()).unwrap();
        let mode = fs::metadata(kept_in(home.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        let vault = Vault::open(home.path()).unwrap();
        assert_eq!(vault.secrets(), secrets);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        assert!(!format!("{vault:?}").contains("värdet"));
        let facts = vault.facts();
        assert!(Vault::open_with(home.path(), &facts).is_ok());
        assert!(Vault::open_with(home.path(), &facts[..1]).is_err());
        fs::write(kept_in(home.path()), "{}").unwrap();
        assert_eq!(Vault::open(home.path()).unwrap_err().code(), "secrets_damaged");
        fs::remove_file(kept_in(home.path())).unwrap();
        let gone = Vault::open_with(home.path(), &facts).unwrap_err();
        assert_eq!(gone.code(), "secrets_damaged");
    }
}
