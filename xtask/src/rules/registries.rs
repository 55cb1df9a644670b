//! No file names a package registry's host: which mirror to use is the business of the host's own
//! package tools and settings, and a host written down here would bypass them.

use crate::finding::Finding;
use crate::repository::{File, Repository};

/// The labels of each host, joined only while running, so that this file does not name them.
const HOSTS: [&[&str]; 17] = [
    &["deb", "debian", "org"],
    &["security", "debian", "org"],
    &["snapshot", "debian", "org"],
    &["archive", "debian", "org"],
    &["ftp", "debian", "org"],
    &["archive", "ubuntu", "com"],
    &["security", "ubuntu", "com"],
    &["ports", "ubuntu", "com"],
    &["pypi", "org"],
    &["pythonhosted", "org"],
    &["registry", "npmjs", "org"],
    &["npmjs", "com"],
    &["registry", "yarnpkg", "com"],
    &["crates", "io"],
    &["static", "rust-lang", "org"],
    &["proxy", "golang", "org"],
    &["rubygems", "org"],
];
/// Written by Cargo.
const GENERATED: &str = "Cargo.lock";

/// Every line that names one of the hosts.
pub(super) fn check(repository: &Repository) -> Vec<Finding> {
    let hosts: Vec<String> = HOSTS.iter().map(|labels| labels.join(".")).collect();
    let is_generated = |file: &&File| file.path.rsplit('/').next() == Some(GENERATED);
    let written = repository.files().iter().filter(|file| !is_generated(file));
    written.flat_map(|file| lines_that_name(file, &hosts)).collect()
}

fn lines_that_name(file: &File, hosts: &[String]) -> Vec<Finding> {
    let named = file.text.lines().enumerate().filter_map(|(number, line)| {
        let host = hosts.iter().find(|host| names(line, host))?;
        Some((number + 1, host))
    });
    named
        .map(|(line, host)| Finding {
            path: file.path.clone(),
            line,
            rule: "registries",
            problem: format!("the registry host `{host}`"),
            remedy: "leave the choice to the package tool's own settings".into(),
        })
        .collect()
}

/// Whether `line` holds `host` as a whole name or as the end of a longer one.
fn names(line: &str, host: &str) -> bool {
    let line = line.to_lowercase();
    let continues = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.match_indices(host).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let mut after = line[start + host.len()..].chars();
        let ends = match after.next() {
            Some('.') => !after.next().is_some_and(continues),
            Some(c) => !continues(c),
            None => true,
        };
        ends && !before.is_some_and(continues)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        let files = [("docs/a.md", text), ("Cargo.lock", text), ("fuzz/Cargo.lock", text)];
        check(&Repository::sample(&files)).len()
    }

    #[test]
    fn hosts_are_found_alone_in_addresses_and_as_subdomains() {
        let host = ["pypi", "org"].join(".");
        for line in [host.clone(), format!("https://{host}/simple"), format!("See Files.{host}.")] {
            assert_eq!(found(&line), 1, "{line}");
        }
    }

    #[test]
    fn other_names_that_share_letters_are_not() {
        let host = ["crates", "io"].join(".");
        for line in [format!("{host}n"), format!("my{host}"), format!("{host}.example"), "x".into()]
        {
            assert_eq!(found(&line), 0, "{line}");
        }
    }
}
