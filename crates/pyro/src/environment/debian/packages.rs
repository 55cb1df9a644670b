//! Reads the list of installed packages from dpkg's status file (deb822 stanzas; dpkg-query(1)
//! names the fields).

use super::super::EnvironmentError;
use super::super::record::Package;

/// Every package of `status`, by name.
///
/// # Errors
/// When a package is not fully installed, or there is none at all.
pub(super) fn installed(status: &str) -> Result<Vec<Package>, EnvironmentError> {
    let mut packages = Vec::new();
    for stanza in status.split("\n\n").filter(|stanza| !stanza.trim().is_empty()) {
        let package = Package {
            name: field(stanza, "Package")?.to_owned(),
            version: field(stanza, "Version")?.to_owned(),
            architecture: field(stanza, "Architecture")?.to_owned(),
        };
        let state = field(stanza, "Status")?;
        if state != "install ok installed" {
            return Err(wrong(format!("package {} is in the state {state:?}", package.name)));
        }
        packages.push(package);
    }
    if packages.is_empty() {
        return Err(wrong("no package is installed".into()));
    }
    packages.sort();
    Ok(packages)
}

/// Every fully installed package of a system that nobody vouches for, by name; what cannot be read is left
/// out.
pub(super) fn found(status: &str) -> Vec<Package> {
    let stanzas = status.split("\n\n").filter(|stanza| !stanza.trim().is_empty());
    let mut packages: Vec<_> =
        stanzas.filter_map(|stanza| installed(stanza).ok()).flatten().collect();
    packages.sort();
    packages
}

fn field<'a>(stanza: &'a str, name: &str) -> Result<&'a str, EnvironmentError> {
    stanza
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
        .ok_or_else(|| wrong(format!("a package has no {name} in dpkg's status file")))
}

fn wrong(reason: String) -> EnvironmentError {
    EnvironmentError::WrongSystem { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIT: &str = "Package: git\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:2.39.5-0+deb12u2\nDescription: fast\n Version: not this\n";
    const APT: &str =
        "Package: apt\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.6.1\n";

    #[test]
    fn packages_come_sorted_with_version_and_architecture() {
        let packages = installed(&format!("{GIT}\n{APT}\n")).unwrap();
        let names: Vec<_> = packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["apt", "git"]);
        assert_eq!(packages[1].version, "1:2.39.5-0+deb12u2");
    }

    #[test]
    fn a_half_configured_package_or_none_at_all_is_refused() {
        let half = GIT.replace("install ok installed", "install ok half-configured");
        let error = installed(&format!("{APT}\n{half}")).unwrap_err();
        assert!(error.to_string().contains("git"), "{error}");
        assert!(installed("").is_err());
        let names: Vec<_> = found(&format!("{APT}\n{half}")).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["apt"]);
        assert_eq!(found(""), []);
    }
}
