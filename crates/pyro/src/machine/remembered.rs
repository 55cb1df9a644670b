//! Facts about this host that cost time to find out and hold until it boots again.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fs;
use std::path::Path;

#[derive(Serialize, Deserialize)]
struct Remembered<T> {
    boot_id: String,
    key: String,
    fact: T,
}

/// The fact in `file` if it was found in this boot under the same `key`; otherwise what `find` says
/// now, remembered for the next time. A file that cannot be written only costs the next one time.
pub fn remembered<T: Serialize + DeserializeOwned>(
    file: &Path,
    key: &str,
    find: impl FnOnce() -> T,
) -> T {
    let found = remembered_if(file, key, || Ok::<T, std::convert::Infallible>(find()));
    found.unwrap_or_else(|never| match never {})
}

/// The same for what may fail to be found, which is not remembered.
///
/// # Errors
/// Those of `find`.
pub fn remembered_if<T: Serialize + DeserializeOwned, E>(
    file: &Path,
    key: &str,
    find: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let boot_id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    if let Ok(bytes) = fs::read(file)
        && let Ok(known) = serde_json::from_slice::<Remembered<T>>(&bytes)
        && (known.boot_id == boot_id && known.key == key)
    {
        return Ok(known.fact);
    }
    let known = Remembered { boot_id, key: key.to_owned(), fact: find()? };
    let aside = file.with_extension(format!("{}.new", std::process::id()));
    if let Some(directory) = file.parent()
        && fs::create_dir_all(directory).is_ok()
        && let Ok(json) = serde_json::to_vec(&known)
        && fs::write(&aside, json).is_ok()
    {
        let _ = fs::rename(&aside, file);
    }
    Ok(known.fact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_found_once_per_boot_and_key() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("new/fact.json");
        assert_eq!(remembered(&file, "a", || 1), 1);
        assert_eq!(remembered(&file, "a", || 2), 1);
        assert_eq!(remembered(&file, "b", || 3), 3);
        let old = fs::read_to_string(&file).unwrap().replace("boot_id\":\"", "boot_id\":\"older");
        fs::write(&file, old).unwrap();
        assert_eq!(remembered(&file, "b", || 4), 4);
        fs::write(&file, "{").unwrap();
        assert_eq!(remembered(&file, "b", || 5), 5);
        assert_eq!(remembered_if(&file, "c", || Err::<i32, _>("no")), Err("no"));
        assert_eq!(remembered(&file, "b", || 6), 5);
    }
}
