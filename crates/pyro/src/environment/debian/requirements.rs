//! What a host must have to build a Debian environment, found out before anything starts.

use super::super::EnvironmentError;
use super::super::error::EnvironmentError::MissingTools;
use crate::config::Config;
use std::path::{Path, PathBuf};

/// Where the archive's keys can lie: a ring, or single keys that apt trusts by default.
const KEYRINGS: [&str; 3] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
    "/etc/apt/trusted.gpg.d/debian-archive-bookworm-stable.asc",
];

/// Finds the installing tool and what it needs.
///
/// # Errors
/// [`EnvironmentError::MissingTools`], with everything that is missing at once.
pub(super) fn find_mmdebstrap(config: &Config) -> Result<PathBuf, EnvironmentError> {
    check(
        |program| config.find_program(program),
        rustix::process::geteuid().is_root(),
        has_sub_uids(),
        KEYRINGS.iter().any(|keyring| Path::new(keyring).exists()),
    )
}

/// Whether root has given this user a range of sub-uids: subuid(5) names users by name or number,
/// and passwd(5) has the name.
fn has_sub_uids() -> bool {
    let uid = rustix::process::getuid().as_raw().to_string();
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let (subuid, passwd) = (read("/etc/subuid"), read("/etc/passwd"));
    let name = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1) == Some(uid.as_str())).then_some(name)
    });
    let owner = |line: &str| line.split(':').next().map(str::to_owned);
    subuid.lines().filter_map(owner).any(|owner| owner == uid || Some(owner.as_str()) == name)
}

fn check(
    find: impl Fn(&str) -> Option<PathBuf>,
    root: bool,
    sub_uids: bool,
    keyring: bool,
) -> Result<PathBuf, EnvironmentError> {
    let mut lacking = Vec::new();
    let mut packages = Vec::new();
    let mut lacks = |what: &str, package: &[&str]| {
        lacking.push(what.to_owned());
        packages.extend(package.iter().map(|p| (*p).to_owned()));
    };
    let mmdebstrap = find("mmdebstrap");
    if mmdebstrap.is_none() {
        lacks("mmdebstrap", &["mmdebstrap"]);
    }
    if find("apt-get").is_none() {
        lacks("apt-get", &["apt"]);
    }
    // An ordinary user is root either in a user namespace with sub-uids, which the program
    // newuidmap maps, or by pretending; the second works without any set-up by root.
    let namespace = sub_uids && find("newuidmap").is_some();
    let pretence = find("fakechroot").is_some() && find("fakeroot").is_some();
    if !root && !namespace && !pretence {
        lacks("a way to install packages without being root", &["fakechroot", "fakeroot"]);
    }
    if !keyring {
        lacks("the keys of the Debian archive", &["debian-archive-keyring"]);
    }
    match mmdebstrap {
        Some(mmdebstrap) if lacking.is_empty() => Ok(mmdebstrap),
        _ => Err(MissingTools { lacking, packages }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Diagnose, Kind};

    fn host(programs: &[&str], root: bool, keyring: bool) -> Result<PathBuf, EnvironmentError> {
        let find = |name: &str| programs.contains(&name).then(|| Path::new("/bin").join(name));
        check(find, root, programs.contains(&"newuidmap"), keyring)
    }

    #[test]
    fn everything_missing_is_named_at_once_with_the_command() {
        let error = host(&[], false, false).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Host, "missing_host_tools"));
        assert_eq!(
            error.hints(),
            ["sudo apt-get install mmdebstrap apt fakechroot fakeroot debian-archive-keyring"]
        );
    }

    #[test]
    fn root_needs_no_pretence_and_a_user_needs_one_of_two() {
        host(&["mmdebstrap", "apt-get"], true, true).unwrap();
        host(&["mmdebstrap", "apt-get", "newuidmap"], false, true).unwrap();
        host(&["mmdebstrap", "apt-get", "fakechroot", "fakeroot"], false, true).unwrap();
        assert!(host(&["mmdebstrap", "apt-get", "fakechroot"], false, true).is_err());
        let find = |_: &str| Some(PathBuf::from("/bin/any"));
        check(find, false, false, true).unwrap();
        let no_pretence = |name: &str| find(name).filter(|_| !name.starts_with("fake"));
        assert!(check(no_pretence, false, false, true).is_err());
    }
}
