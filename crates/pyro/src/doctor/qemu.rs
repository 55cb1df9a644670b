//! What the QEMU that was found says about itself.

use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A QEMU that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Qemu {
    /// The program.
    pub path: PathBuf,
    /// What it says about itself; absent where it does not run.
    pub version: Option<String>,
}

impl Qemu {
    /// Asks the program for its version.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { version: version(&path), path }
    }
}

fn version(path: &Path) -> Option<String> {
    let output = Command::new(path)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .env_clear()
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    parse(&text).filter(|_| output.status.success())
}

/// `7.2.19 (Debian …)` of `QEMU emulator version 7.2.19 (Debian …)`.
fn parse(text: &str) -> Option<String> {
    let version = text.lines().next()?.strip_prefix("QEMU emulator version ")?;
    Some(version.chars().take(100).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_qemu_has_a_version() {
        let said = "QEMU emulator version 7.2.19 (Debian 1:7.2+dfsg-7+deb12u16)\nCopyright (c)";
        assert_eq!(parse(said).unwrap(), "7.2.19 (Debian 1:7.2+dfsg-7+deb12u16)");
        assert_eq!(parse("GNU bash 5"), None);
        assert_eq!(version(Path::new("/nonexistent/qemu")), None);
        assert_eq!(version(Path::new("/bin/false")), None);
    }
}
