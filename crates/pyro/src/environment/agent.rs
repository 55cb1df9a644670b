//! Which program becomes the first process of a guest: the small `pyro-agent` that is installed beside
//! the executable, and where that is missing the executable itself, which can do the same and
//! boots more slowly.

use super::EnvironmentError;
use crate::config::Config;
use crate::error::AtPath;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NAME: &str = "pyro-agent";

/// The program; only a look at whether it is there.
pub(super) fn program(config: &Config) -> PathBuf {
    let beside = config.executable.with_file_name(NAME);
    if beside.is_file() { beside } else { config.executable.clone() }
}

/// Refuses an agent of another version, which an incomplete upgrade leaves behind.
pub(super) fn check(config: &Config, program: &Path) -> Result<(), EnvironmentError> {
    if program == config.executable {
        return Ok(());
    }
    let asked =
        Command::new(program).env_clear().stdin(Stdio::null()).stderr(Stdio::null()).output();
    let said = asked.at("run", program)?.stdout;
    let expected = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    if said.trim_ascii() == expected.as_bytes() {
        return Ok(());
    }
    Err(EnvironmentError::WrongAgent { program: program.to_owned(), expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn beside(script: Option<&str>) -> (tempfile::TempDir, Config) {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::from_lookup(dir.path().join("pyro"), |name| {
            (name == "HOME").then(|| "/nowhere".into())
        });
        if let Some(script) = script {
            let file = dir.path().join(NAME);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        (dir, config.unwrap())
    }

    #[test]
    fn without_a_small_agent_the_executable_itself_serves() {
        let (_dir, config) = beside(None);
        assert_eq!(program(&config), config.executable);
        assert!(check(&config, &config.executable).is_ok());
    }

    #[test]
    fn an_agent_of_another_version_is_refused_by_name() {
        let (_dir, config) = beside(Some("echo pyro-agent 4.0.0"));
        let error = check(&config, &program(&config)).unwrap_err();
        assert!(error.to_string().contains("is not pyro-agent 5."), "{error}");
        let (_dir, config) = beside(Some(concat!("echo pyro-agent ", env!("CARGO_PKG_VERSION"))));
        assert!(check(&config, &program(&config)).is_ok());
    }
}
