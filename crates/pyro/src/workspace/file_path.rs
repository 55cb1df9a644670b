//! Paths in a guest, as users and models write them.

use super::{WORKSPACE_PATH, WorkspaceError};
use pyro_proto::GuestPath;

/// The longest path that Linux takes, `PATH_MAX` of `linux/limits.h`.
const MAX_BYTES: usize = 4095;

/// The guest's path for what a user wrote: absolute, or relative to `/workspace`.
pub(super) fn file_path(path: &str) -> Result<GuestPath, WorkspaceError> {
    let refuse = |why| Err(WorkspaceError::BadPath { path: path.to_owned(), why });
    if path.is_empty() {
        return refuse("it is empty");
    }
    if path.contains('\0') {
        return refuse("it has a NUL byte");
    }
    if path.split('/').any(|part| part == "..") {
        return refuse("it goes upwards with `..`");
    }
    let whole = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{WORKSPACE_PATH}/{}", path.strip_prefix("./").unwrap_or(path))
    };
    if whole.len() > MAX_BYTES {
        return refuse("it is too long");
    }
    Ok(GuestPath::new(whole.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_lies_in_the_workspace_and_nothing_goes_upwards() {
        let path = |text: &str| file_path(text).map(|path| path.to_string());
        assert_eq!(path("src/a.rs").unwrap(), "/workspace/src/a.rs");
        assert_eq!(path("./a b").unwrap(), "/workspace/a b");
        assert_eq!(path("/etc/hosts").unwrap(), "/etc/hosts");
        for bad in ["", "../x", "/workspace/../etc", "a\0b", &"x".repeat(5000)] {
            assert!(path(bad).is_err(), "{bad:?}");
        }
        assert!(path("/workspace/..x").is_ok());
    }
}
