//! What a machine needs to stay bootable. Whoever makes a machine writes `pins.json` into its
//! directory (`<state>/machines/<id>/`, or `<state>/vms/<id>/` and `<state>/workspaces/<id>/` for what outlives it) before it relies on anything in the cache, and keeps
//! [`super::Environments::hold`] from asking for the environment until the file is written: prune
//! removes nothing in between. The file goes with the machine's directory.

use super::{EnvironmentError, Installed};
use crate::durable;
use crate::error::{AtPath, PathError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The file's name in a machine's directory.
pub const PINS_FILE: &str = "pins.json";

/// Content of `pins.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pins {
    /// Root images in use, by SHA-256.
    pub images: Vec<String>,
    /// Kernels in use, by the name of their directory in the cache.
    pub kernels: Vec<String>,
    /// Initramfs images in use, by key.
    pub initramfs: Vec<String>,
}

impl Pins {
    /// What a machine of this environment uses.
    #[must_use]
    pub fn of(installed: &Installed) -> Self {
        Self {
            images: vec![installed.image_digest.clone()],
            kernels: installed.kernel_id.iter().cloned().collect(),
            initramfs: vec![installed.initramfs_key.clone()],
        }
    }

    /// Writes the file into a machine's directory.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, machine: &Path) -> Result<(), PathError> {
        durable::write_json(&machine.join(PINS_FILE), self)
    }

    /// Reads the file of a machine.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(machine: &Path) -> Result<Self, EnvironmentError> {
        let file = machine.join(PINS_FILE);
        let text = fs::read(&file).at("read", &file)?;
        serde_json::from_slice(&text).map_err(|error| EnvironmentError::PinsUnreadable {
            machine: machine.to_owned(),
            reason: error.to_string(),
        })
    }
}

/// Everything that any machine below `machines` uses.
pub(super) fn of_all_machines(machines: &Path) -> Result<BTreeSet<String>, EnvironmentError> {
    let mut used = BTreeSet::new();
    let entries = match fs::read_dir(machines) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(used),
        Err(error) => return Err(error).at("list", machines)?,
    };
    for entry in entries {
        let machine = entry.at("list", machines)?.path();
        let pins: Pins = match fs::read(machine.join(PINS_FILE)) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                EnvironmentError::PinsUnreadable { machine, reason: error.to_string() }
            })?,
            // Not a machine, or one that has not come to use anything yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => continue,
            Err(error) => return Err(error).at("read", &machine.join(PINS_FILE))?,
        };
        used.extend(pins.images);
        used.extend(pins.kernels);
        used.extend(pins.initramfs);
    }
    Ok(used)
}
